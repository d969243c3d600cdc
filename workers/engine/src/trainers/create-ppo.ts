import type { JobOf } from '@temper/db/contracts'
import { addValue } from './add-value.ts'
import { PpoTrainer } from './ppo.ts'
import { rolloutParts } from './rollout-parts.ts'
import type { JobContext, Trainer } from './trainer.ts'

/**
 * A ppo stage from its job: policy, frozen reference, frozen reward models and value model in one program. With `lora`
 * the weights of the reference are the base of the others, which hold adapters only.
 */
export async function createPpoTrainer(job: JobOf<'ppo'>, context: JobContext): Promise<Trainer> {
  const { parts, start, firstModel } = await rolloutParts(job, { hasReference: true })
  const value = await addValue(parts.program, job, start, firstModel)
  return new PpoTrainer({ ...parts, value, settings: job.settings }, context)
}
