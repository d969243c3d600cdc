import type { JobOf } from '@temper/db/contracts'
import { TracedProgram } from '../tracing/index.ts'
import { addTrainedRole } from './adapted-role.ts'
import { PromptSamples } from './prompt-samples.ts'
import { startOf } from './start.ts'
import { SupervisedTrainer } from './supervised.ts'
import { planPretrain, planSft } from './supervised-plan.ts'
import type { JobContext, Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/** A pretrain or sft stage from its job. */
export async function createSupervisedTrainer(job: JobOf<'pretrain' | 'sft'>, { nowMs }: JobContext): Promise<Trainer> {
  const start = await startOf(job)
  const { model, tokenizer } = start
  const { choice, ...plan } =
    job.type === 'sft' ? await planSft(job, model, tokenizer) : await planPretrain(job, model, tokenizer)
  const program = new TracedProgram()
  const role = await addTrainedRole(program, 'policy', start, job)
  const shown = { program, model, role, tokenizer }
  return new SupervisedTrainer({
    ...plan,
    program,
    model,
    role,
    settings: job.settings,
    samples: new PromptSamples(shown, choice, job.settings, plan.validation?.everySteps),
    checkpoint: checkpointParts(job, start),
    nowMs,
  })
}
