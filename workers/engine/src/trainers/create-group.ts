import type { JobOf } from '@temper/db/contracts'
import { TracedProgram } from '../tracing/index.ts'
import { addPolicy } from './add-policy.ts'
import { addRewards } from './create-rewards.ts'
import { GroupTrainer } from './group-trainer.ts'
import { grpo } from './grpo.ts'
import { PromptSamples } from './prompt-samples.ts'
import { readPrompts } from './read-prompts.ts'
import { rloo } from './rloo.ts'
import { startFromCheckpoint } from './start.ts'
import type { JobContext, Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/** A grpo or rloo stage from its job: policy and frozen reward models, and a frozen reference where the KL counts. */
export async function createGroupTrainer(job: JobOf<'grpo' | 'rloo'>, context: JobContext): Promise<Trainer> {
  const { seed, settings } = job
  const start = await startFromCheckpoint(job.model)
  const prompts = await readPrompts(job, start)
  const method = job.type === 'grpo' ? grpo(job.settings) : rloo(job.settings)

  const program = new TracedProgram()
  const placed = await addPolicy(program, job, start, { hasReference: settings.beta > 0 })
  const { sources: rewards } = await addRewards(program, job.rewards, start, placed)
  const { model: policy, tokenizer } = start
  const { policyRole } = placed
  const checkpoint = checkpointParts(job, start)
  const shown = { program, model: policy, role: policyRole, tokenizer }
  const samples = new PromptSamples(shown, { heldOut: [], firstRows: prompts }, settings)
  return new GroupTrainer(
    { program, policy, policyRole, rewards, method, tokenizer, prompts, settings, seed, checkpoint, samples },
    context,
  )
}
