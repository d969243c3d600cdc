import type { JobOf } from '@temper/db/contracts'
import { TracedProgram } from '../tracing/index.ts'
import { addPolicy } from './add-policy.ts'
import { addValue } from './add-value.ts'
import { addRewards } from './create-rewards.ts'
import { PpoTrainer } from './ppo.ts'
import { PromptSamples } from './prompt-samples.ts'
import { readPrompts } from './read-prompts.ts'
import { startFromCheckpoint } from './start.ts'
import type { JobContext, Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/**
 * A ppo stage from its job: policy, frozen reference, frozen reward models and value model in one program. With `lora`
 * the weights of the reference are the base of the others, which hold adapters only.
 */
export async function createPpoTrainer(job: JobOf<'ppo'>, context: JobContext): Promise<Trainer> {
  const { seed, settings } = job
  const start = await startFromCheckpoint(job.model)
  const prompts = await readPrompts(job, start)

  const program = new TracedProgram()
  const placed = await addPolicy(program, job, start, { hasReference: true })
  const { sources: rewards, firstModel } = await addRewards(program, job.rewards, start, placed)
  const value = await addValue(program, job, start, firstModel)
  const { model: policy, tokenizer } = start
  const { policyRole } = placed
  const checkpoint = checkpointParts(job, start)
  const shown = { program, model: policy, role: policyRole, tokenizer }
  const samples = new PromptSamples(shown, { heldOut: [], firstRows: prompts }, settings)
  return new PpoTrainer(
    { program, policy, policyRole, rewards, value, tokenizer, prompts, settings, seed, checkpoint, samples },
    context,
  )
}
