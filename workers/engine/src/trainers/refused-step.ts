import { type ErrorDetails, TemperError } from '@temper/db/contracts'
import type { Feeds } from '../forward/index.ts'

/** One forward and backward pass of an optimizer step. */
export interface Pass {
  feeds: Feeds
  /** Rows of the data that it trains on, from 1; empty where its maker knows none. */
  dataRows: readonly number[]
}

/** What a pass has told of itself. */
export interface PassLoss extends Pick<Pass, 'dataRows'> {
  loss: number
}

/** More rows than this are counted, not named. */
const namedRows = 20

/** A step that was not applied because its loss or its gradients are not finite, with the rows of the data in it. */
export function refusedStep(
  { step, gradNorm, passes }: { step: number; gradNorm: number; passes: readonly PassLoss[] },
  advice: string,
  more: ErrorDetails = {},
): TemperError {
  const bad = passes.filter(({ loss }) => !Number.isFinite(loss))
  const [metric, value] = bad[0] ? ['loss', bad[0].loss] : ['grad_norm', gradNorm]
  const rows = [...new Set((bad.length > 0 ? bad : passes).flatMap(({ dataRows }) => dataRows))].sort((a, b) => a - b)
  const where = rows.length > 0 ? ` on ${namesOf(rows)} of the data` : ''
  const message = `${metric} is ${value} at step ${step}${where}: the step was not applied, weights and the last checkpoint are unharmed; ${advice}`
  return new TemperError('non_finite', message, { details: { metric, value: String(value), step, rows, ...more } })
}

function namesOf(rows: readonly number[]): string {
  const named = rows.slice(0, namedRows).join(', ')
  const rest = rows.length - namedRows
  return `${rows.length === 1 ? 'row' : 'rows'} ${named}${rest > 0 ? ` and ${rest} more` : ''}`
}
