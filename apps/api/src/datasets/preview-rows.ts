import { type Dataset, jsonlLines } from '@temper/db/contracts'
import type { Page } from '@temper/db/queries'
import type { ArtifactStore } from '@temper/db/storage'

/** A text may be a whole book in one row. */
const longestText = 4000

/**
 * A page of rows from byte `start` on, where a line begins; the cursor is the byte at which the next page begins.
 * Longer texts are cut, with an ellipsis.
 */
export async function previewRows(
  store: ArtifactStore,
  dataset: Dataset,
  page: { limit: number; start: number },
): Promise<Page<Record<string, unknown>>> {
  if (page.start >= dataset.sizeBytes) return { items: [], nextCursor: null }
  const bytes = await store.open(dataset.sha256, { first: page.start, last: dataset.sizeBytes - 1 })
  const items: Record<string, unknown>[] = []
  let end = page.start
  for await (const line of jsonlLines(bytes)) {
    items.push(JSON.parse(line, shorten))
    end += Buffer.byteLength(line) + 1
    if (items.length === page.limit) break
  }
  return { items, nextCursor: end < dataset.sizeBytes ? String(end) : null }
}

function shorten(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}…` : value
}
