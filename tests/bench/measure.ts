import { median } from './median.ts'
import type { Size } from './sizes.ts'
import type { WorkKind } from './works/index.ts'
import type { Precision } from './works/work.ts'

/** The figure's name depends on the work. */
export type Figures = { step_ms: number } & Record<string, unknown>

export interface MeasureOptions {
  size: Size
  precision: Precision
  /** Timed steps, after the warm-ups. */
  steps: number
  /** Told of each step, warm-ups included. */
  onStep?: (stepMs: number) => void
}

const warmUps = 2

/** Median of `steps` steps: its milliseconds, and the work's figure a second. */
export async function measure({ open, figure }: WorkKind, options: MeasureOptions): Promise<Figures> {
  const work = await open(options.size, options.precision)
  try {
    const stepsMs: number[] = []
    for (let step = 0; step < warmUps + options.steps; step++) {
      const stepMs = await work.step()
      options.onStep?.(stepMs)
      if (step >= warmUps) stepsMs.push(stepMs)
    }
    const stepMs = median(stepsMs)
    const note = work.note?.()
    return { step_ms: rounded(stepMs, 1), [figure]: rounded((work.perStep / stepMs) * 1000, 2), ...(note && { note }) }
  } finally {
    work.close()
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
