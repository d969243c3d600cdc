import type { ForwardReference } from './reference-files.ts'

/** Rows as model input, with the tokens a loss is taken of. */
export interface TokenBatch {
  rows: number
  length: number
  ids: Int32Array
  positions: Int32Array
  segments: Int32Array
  /** Flat index of the state that predicts each target. */
  lossPositions: Int32Array
  targets: Int32Array
  /** Row of each target. */
  rowOf: Int32Array
}

/** All rows; targets are the completion tokens, or every token that has one before it. */
export function tokenBatch(
  { ids, lengths, prompt_lengths }: Pick<ForwardReference, 'ids' | 'lengths' | 'prompt_lengths'>,
  take: 'completion' | 'all',
): TokenBatch {
  const length = Math.max(...ids.map((row) => row.length))
  const flat = (valueAt: (row: number, t: number) => number) =>
    Int32Array.from({ length: ids.length * length }, (_, i) => valueAt(Math.floor(i / length), i % length))
  const scored = ids.flatMap((row, r) => {
    const first = take === 'completion' ? (prompt_lengths[r] ?? 0) : 1
    const tokens = row.slice(0, lengths[r])
    return tokens.map((id, t) => ({ id, row: r, t })).slice(first)
  })
  return {
    rows: ids.length,
    length,
    ids: flat((row, t) => ids[row]?.[t] ?? 0),
    positions: flat((_, t) => t),
    segments: flat((row, t) => (t < (lengths[row] ?? 0) ? 1 : 0)),
    lossPositions: Int32Array.from(scored, ({ row, t }) => row * length + t - 1),
    targets: Int32Array.from(scored, ({ id }) => id),
    rowOf: Int32Array.from(scored, ({ row }) => row),
  }
}

/** What the engine's functions take, with shapes. */
export function batchInputs(batch: TokenBatch) {
  const int32 = 'int32' as const
  const grid = { shape: [batch.rows, batch.length], dtype: int32 }
  const list = { shape: [batch.targets.length], dtype: int32 }
  return {
    inputs: { ids: grid, positions: grid, segments: grid, lossPositions: list, targets: list, rowOf: list },
    feeds: {
      ids: batch.ids,
      positions: batch.positions,
      segments: batch.segments,
      lossPositions: batch.lossPositions,
      targets: batch.targets,
      rowOf: batch.rowOf,
    },
  }
}
export type BatchKey = keyof ReturnType<typeof batchInputs>['inputs']
