import type { JobOf } from '@temper/db/contracts'
import { addRole } from '../models/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { startOf } from './start.ts'
import { SupervisedTrainer } from './supervised.ts'
import { planPretrain, planSft } from './supervised-plan.ts'
import type { JobContext, Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/** A pretrain or sft stage from its job. */
export async function createSupervisedTrainer(job: JobOf<'pretrain' | 'sft'>, { nowMs }: JobContext): Promise<Trainer> {
  const start = await startOf(job)
  const { model, tensors, tokenizer } = start
  const plan = job.type === 'sft' ? await planSft(job, model, tokenizer) : await planPretrain(job, model, tokenizer)
  const program = new TracedProgram()
  await addRole(program, 'policy', model, tensors)
  return new SupervisedTrainer({
    ...plan,
    program,
    model,
    settings: job.settings,
    checkpoint: checkpointParts(job, start),
    nowMs,
  })
}
