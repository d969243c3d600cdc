import type { Size } from '../sizes.ts'

export type Precision = 'fp32' | 'bf16'

/** Something to time, warm and ready. */
export interface Work {
  /** How much of the figure's unit one step does. */
  perStep: number
  /** Milliseconds of one step, its result awaited. */
  step(): Promise<number>
  /** Remarks on what was measured, known once steps have run. */
  note?(): string
  close(): void
}

export type OpenWork = (size: Size, precision: Precision) => Promise<Work>

export async function timed(step: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await step()
  return performance.now() - startedMs
}
