import { cpu } from './activities.ts'
import { createPauseGate } from './pause-gate.ts'
import type { StageInput } from './stage-input.ts'

/** Lists a checkpoint under a name once its gates have let it through. */
export async function releaseStageWorkflow(input: StageInput): Promise<void> {
  const gate = createPauseGate(input)
  await gate.pass()
  await cpu.releaseCheckpoint(input)
}
