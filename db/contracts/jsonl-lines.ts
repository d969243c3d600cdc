/**
 * The lines of JSONL in UTF-8 that comes in pieces; the last one may have no end. They end at `\n` alone: `readline` of
 * Node 24 ends them at U+2028 and U+2029 too, which JSON has within its texts as they are.
 */
export async function* jsonlLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let line = ''
  for await (const piece of pieces) {
    const [end = '', ...starts] = decoder.decode(piece, { stream: true }).split('\n')
    line += end
    for (const start of starts) {
      yield line
      line = start
    }
  }
  line += decoder.decode()
  if (line !== '') yield line
}
