import { expect, it } from 'vitest'
import { jsonlLines } from './jsonl-lines.ts'

/** The bytes of a text in pieces of `length`. */
async function* inPieces(text: string, length: number) {
  const bytes = new TextEncoder().encode(text)
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length)
}
async function linesOf(text: string, length = 1000): Promise<string[]> {
  const lines: string[] = []
  for await (const line of jsonlLines(inPieces(text, length))) lines.push(line)
  return lines
}

it('ends lines at line feeds, however the bytes are cut', async () => {
  const text = '{"text":"ä"}\n\n{"text":"日本"}\n'
  for (const length of [1, 2, 5, 1000])
    expect(await linesOf(text, length)).toEqual(['{"text":"ä"}', '', '{"text":"日本"}'])
  expect(await linesOf('first\nand no end')).toEqual(['first', 'and no end'])
  expect(await linesOf('')).toEqual([])
})

it('ends none at the separators of lines and paragraphs that a text has', async () => {
  const row = JSON.stringify({ text: 'one\u2028two\u2029three' })
  expect(row).toContain('\u2028')
  expect(await linesOf(`${row}\n${row}\n`, 3)).toEqual([row, row])
})
