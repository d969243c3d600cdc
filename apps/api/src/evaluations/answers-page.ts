import { type JudgedAnswers, judgedAnswersSchema, TemperError } from '@temper/db/contracts'
import type { Page } from '@temper/db/queries'
import type { ArtifactStore } from '@temper/db/storage'
import { linesFrom } from '../lines-from.ts'

/** Bytes that one page looks through: answers may be long, and those that are wanted far apart. */
const mostBytes = 4 * 1024 * 1024

interface AnswersRequest {
  /** Prompts at most. */
  limit: number
  /** Byte at which a line begins. */
  start: number
  isWanted: (row: JudgedAnswers) => boolean
}

/**
 * Those of the prompts that are wanted, in their order; the cursor is the byte at which the next page begins. A page may
 * hold fewer than `limit`, or none, and not be the last: it ends where it has looked through `mostBytes`.
 * @throws TemperError invalid_input for a start within a line
 */
export async function answersPage(
  store: ArtifactStore,
  sha256: string,
  { limit, start, isWanted }: AnswersRequest,
): Promise<Page<JudgedAnswers>> {
  const sizeBytes = await store.sizeOf(sha256)
  if (sizeBytes === undefined) throw new TemperError('not_found', 'the artifact store does not hold these answers')
  const items: JudgedAnswers[] = []
  let end = start
  for await (const line of linesFrom(store, sha256, { start, sizeBytes })) {
    const row = judgedAnswersSchema.parse(JSON.parse(line))
    if (isWanted(row)) items.push(row)
    end += Buffer.byteLength(line) + 1
    if (items.length === limit || end - start >= mostBytes) break
  }
  return { items, nextCursor: end < sizeBytes ? String(end) : null }
}
