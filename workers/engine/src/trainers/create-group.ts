import type { JobOf } from '@temper/db/contracts'
import { GroupTrainer } from './group-trainer.ts'
import { grpo } from './grpo.ts'
import { rloo } from './rloo.ts'
import { rolloutParts } from './rollout-parts.ts'
import type { JobContext, Trainer } from './trainer.ts'

/** A grpo or rloo stage from its job: policy and frozen reward models, and a frozen reference where the KL counts. */
export async function createGroupTrainer(job: JobOf<'grpo' | 'rloo'>, context: JobContext): Promise<Trainer> {
  const { settings } = job
  const { parts } = await rolloutParts(job, { hasReference: settings.beta > 0 })
  const method = job.type === 'grpo' ? grpo(job.settings) : rloo(job.settings)
  return new GroupTrainer({ ...parts, method, settings }, context)
}
