import type { PointFigures } from './measure-point.ts'

const columns = {
  batch: 'batch',
  prompt_length: 'prompt',
  first_token_ms: 'first token ms',
  prefill_tokens_per_s: 'prefill tok/s',
  tokens_per_s_each: 'tok/s each',
  tokens_per_s: 'tok/s',
  floor_share: 'of floor',
  cache_mib: 'cache MiB',
} as const satisfies Partial<Record<keyof PointFigures, string>>

type Column = keyof typeof columns
const order = Object.keys(columns) as Column[]

/** The names of the columns of `tableRow`. */
export const tableHead = order.map((column) => columns[column]).join('  ')

/** The figures of a point, right-aligned under their names. */
export function tableRow(figures: PointFigures): string {
  const text = (column: Column) =>
    column === 'floor_share' ? `${Math.round(100 * figures.floor_share)} %` : String(figures[column])
  return order.map((column) => text(column).padStart(columns[column].length)).join('  ')
}
