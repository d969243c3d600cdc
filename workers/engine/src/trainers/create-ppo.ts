import { type JobOf, promptRowSchema, TemperError } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import { readRows } from '../data/index.ts'
import { addRole, freshAdapter } from '../models/index.ts'
import { encodePrompt } from '../tokenizer/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { adaptedRole, loraOf } from './adapted-role.ts'
import { PpoTrainer } from './ppo.ts'
import { readRewardOver, valueScorerOf } from './ppo-scorers.ts'
import { PromptSamples } from './prompt-samples.ts'
import { resumedWeights, type Start, startFromCheckpoint } from './start.ts'
import type { JobContext, Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/**
 * A ppo stage from its job: policy, frozen reference, frozen reward model and value model in one program. With `lora`
 * the weights of the reference are the base of the others, which hold adapters only.
 */
export async function createPpoTrainer(job: JobOf<'ppo'>, context: JobContext): Promise<Trainer> {
  const { seed, settings } = job
  const ref = await startFromCheckpoint(job.model)
  const { model, tokenizer } = ref
  const policy = await policyOf(job, ref)
  const reward = await readRewardOver(job.reward, ref)
  const value = await valueScorerOf(job, ref, reward)
  const prompts = await readPrompts(job, ref)

  const program = new TracedProgram()
  await addRole(program, policy.role, model, policy.tensors)
  await addRole(program, 'ref', model, ref.tensors)
  await addRole(program, reward.role, reward.model, reward.tensors)
  await addRole(program, value.role, value.model, value.tensors)
  const checkpoint = checkpointParts(job, ref)
  const shown = { program, model, role: policy.role, tokenizer }
  const samples = new PromptSamples(shown, { heldOut: [], firstRows: prompts }, settings)
  return new PpoTrainer(
    {
      program,
      policy: model,
      policyRole: policy.role,
      reward,
      value,
      tokenizer,
      prompts,
      settings,
      seed,
      checkpoint,
      samples,
    },
    context,
  )
}

async function policyOf(job: JobOf<'ppo'>, { model, tensors }: Start) {
  const lora = loraOf(job)
  if (lora) {
    const role = adaptedRole('policy', 'ref', lora, job.seed)
    return { role, tensors: freshAdapter(model, role.adapter, job.seed) }
  }
  const resumed = resumedWeights(job)
  return { role: 'policy', tensors: resumed ? (await readCheckpoint(resumed)).tensors : tensors }
}

/** Prompts are cut at the left to leave room for a completion. */
async function readPrompts(job: JobOf<'ppo'>, { tokenizer, model }: Start): Promise<number[][]> {
  const room = model.contextLength - job.settings.sampling.maxTokens
  const rows = await readRows(job.prompts, promptRowSchema)
  if (room < 1 || rows.length === 0) {
    const message = `ppo needs prompts and room for them: ${rows.length} prompts, ${room} tokens of the context beside maxTokens`
    throw new TemperError('invalid_input', message, { details: { prompts: rows.length, room } })
  }
  return rows.map(({ messages }) => encodePrompt(tokenizer, messages, room))
}
