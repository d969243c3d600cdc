import type { OperationTime } from '@temper/engine/runtime'
import { productPeak } from '@temper/engine/tracing'
import type { MeasureOptions } from '../measure.ts'
import { median } from '../median.ts'
import type { WorkKind } from '../works/index.ts'
import { ProfiledProgram } from './profiled-program.ts'

export interface StepProfile {
  /** Median of the steps that were not watched. */
  step_ms: number
  /** Milliseconds in operations of the watched step, the longest first. */
  operations: OperationTime[]
  /** Floating-point operations of the step's matrix products. */
  product_gflop: number
  /** Of a large product on this machine, measured just before. */
  peak_gflops: number
  /** Share of the peak that products alone would leave of the step. */
  share_of_peak: number
}

/** Where the time of one step goes: some steps are timed, then one is watched. */
export async function profileStep({ open }: WorkKind, options: MeasureOptions): Promise<StepProfile> {
  const { size, precision, steps, dialogues = [] } = options
  const peak = await productPeak(precision)
  const program = new ProfiledProgram()
  const work = await open(size, precision, { program, steps, dialogues })
  try {
    const { warmUps = 2 } = work
    const stepsMs: number[] = []
    for (let step = 1; step <= warmUps + steps; step++) {
      const stepMs = await work.step()
      options.onStep?.(stepMs, step, warmUps + steps)
      if (step > warmUps) stepsMs.push(stepMs)
    }
    program.watching = true
    // What pauses otherwise runs whole for the first time, in memory it has to ask for.
    await work.step()
    program.calls.length = 0
    await work.step()
    const stepMs = median(stepsMs)
    const flops = program.calls.reduce((sum, { profile }) => sum + profile.productFlops, 0)
    return {
      step_ms: rounded(stepMs, 1),
      operations: added(program.calls.map(({ profile }) => profile.times)),
      product_gflop: Number((flops / 1e9).toPrecision(4)),
      peak_gflops: rounded(peak / 1e9, 0),
      share_of_peak: rounded(flops / peak / (stepMs / 1000), 3),
    }
  } finally {
    work.close()
  }
}

/** Times of several calls as those of one. */
function added(calls: readonly OperationTime[][]): OperationTime[] {
  const byOp = new Map<string, OperationTime>()
  for (const { op, count, ms } of calls.flat()) {
    const before = byOp.get(op) ?? { op, count: 0, ms: 0 }
    byOp.set(op, { op, count: before.count + count, ms: rounded(before.ms + ms, 3) })
  }
  return [...byOp.values()].sort((a, b) => b.ms - a.ms)
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
