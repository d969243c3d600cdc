import { cpu, train } from './activities.ts'
import { createPauseGate } from './pause-gate.ts'
import type { StageInput } from './stage-input.ts'

/** Completions of every policy for the same held-out prompts on a device, then their judging on a processor. */
export async function evaluateStageWorkflow(input: StageInput): Promise<void> {
  const gate = createPauseGate(input)
  await gate.pass()
  const { completions } = await train.completePrompts(input)
  await gate.pass()
  await cpu.judgeCompletions({ ...input, completions })
}
