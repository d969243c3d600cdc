import { TracedProgram } from '@temper/engine/tracing'
import type { Dialogue } from './dialogues.ts'
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
  /** For the works that take them. */
  dialogues?: readonly Dialogue[]
  /** Told of each step, counted from 1, of all of them, warm-ups included. */
  onStep?: (stepMs: number, step: number, all: number) => void
}

/** Median of `steps` steps, or their mean where they differ: its milliseconds, and the work's figure a second. */
export async function measure({ open, figure }: WorkKind, options: MeasureOptions): Promise<Figures> {
  const { size, precision, steps, dialogues = [] } = options
  const work = await open(size, precision, { program: new TracedProgram(), steps, dialogues })
  try {
    const { warmUps = 2 } = work
    const [stepsMs, done]: [number[], number[]] = [[], []]
    for (let step = 1; step <= warmUps + steps; step++) {
      const stepMs = await work.step()
      options.onStep?.(stepMs, step, warmUps + steps)
      if (step <= warmUps) continue
      stepsMs.push(stepMs)
      done.push(work.lastStep?.() ?? work.perStep)
    }
    const stepMs = work.lastStep ? mean(stepsMs) : median(stepsMs)
    const note = work.note?.()
    return { step_ms: rounded(stepMs, 1), [figure]: rounded((mean(done) / stepMs) * 1000, 2), ...(note && { note }) }
  } finally {
    work.close()
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
