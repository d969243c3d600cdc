import type { Dataset } from '@temper/db/contracts'
import type { Page } from '@temper/db/queries'
import type { ArtifactStore } from '@temper/db/storage'
import { linesFrom } from '../lines-from.ts'

/** A text may be a whole book in one row. */
const longestText = 4000

/**
 * A page of rows from byte `start` on, where a line begins; the cursor is the byte at which the next page begins.
 * Longer texts are cut, with an ellipsis.
 * @throws TemperError invalid_input for a start within a line
 */
export async function previewRows(
  store: ArtifactStore,
  { sha256, sizeBytes }: Dataset,
  { limit, start }: { limit: number; start: number },
): Promise<Page<Record<string, unknown>>> {
  const items: Record<string, unknown>[] = []
  let end = start
  for await (const line of linesFrom(store, sha256, { start, sizeBytes })) {
    items.push(JSON.parse(line, shorten))
    end += Buffer.byteLength(line) + 1
    if (items.length === limit) break
  }
  return { items, nextCursor: end < sizeBytes ? String(end) : null }
}

function shorten(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}…` : value
}
