import { jsonlLines, TemperError } from '@temper/db/contracts'
import type { ArtifactStore } from '@temper/db/storage'

/** Of an artifact of JSONL, what a page begins with: the byte at which a line does, as an earlier page gave it out. */
interface Span {
  start: number
  sizeBytes: number
}

/** @throws TemperError invalid_input for a start within a line */
export async function* linesFrom(
  store: ArtifactStore,
  sha256: string,
  { start, sizeBytes }: Span,
): AsyncGenerator<string, void, undefined> {
  if (start >= sizeBytes) return
  if (start === 0) return yield* jsonlLines(await store.open(sha256))
  // From the byte before on, which ends the line before: an empty line comes first.
  let isFirst = true
  for await (const line of jsonlLines(await store.open(sha256, { first: start - 1, last: sizeBytes - 1 }))) {
    if (!isFirst) yield line
    else if (line !== '') throw new TemperError('invalid_input', `cursor '${start}' is not one that a page gave out`)
    isFirst = false
  }
}
