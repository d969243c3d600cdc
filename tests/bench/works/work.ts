import type { Program } from '@temper/engine/tracing'
import type { Dialogue } from '../dialogues.ts'
import type { Size } from '../sizes.ts'

export type Precision = 'fp32' | 'bf16'

/** Something to time, warm and ready. */
export interface Work {
  /** How much of the figure's unit one step does. */
  perStep: number
  /** How much the last step did, where steps differ; the figure is then one of means, not of a median. */
  lastStep?(): number
  /** Untimed steps before the timed ones; 2 unless set. */
  warmUps?: number
  /** Milliseconds of one step, its result awaited. */
  step(): Promise<number>
  /** Remarks on what was measured, known once steps have run. */
  note?(): string
  close(): void
}

export interface WorkInput {
  /** Empty; closed with the work. */
  program: Program
  /** Steps that will be timed. */
  steps: number
  /** Lengths of real dialogues, for the works that take them. */
  dialogues: readonly Dialogue[]
}

export type OpenWork = (size: Size, precision: Precision, input: WorkInput) => Promise<Work>

export async function timed(step: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await step()
  return performance.now() - startedMs
}
