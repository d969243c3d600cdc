import { type JobOf, promptRowSchema, TemperError } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import { readRows } from '../data/index.ts'
import type { Scorer } from '../forward/index.ts'
import { addRole, scoreHeadTensors, withScoreHead } from '../models/index.ts'
import { encodePrompt } from '../tokenizer/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { PpoTrainer } from './ppo.ts'
import { type Start, startFromCheckpoint } from './start.ts'
import type { JobContext, Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/** A ppo stage from its job: policy, frozen reference, frozen reward model and value model in one program. */
export async function createPpoTrainer(job: JobOf<'ppo'>, context: JobContext): Promise<Trainer> {
  const { seed, settings } = job
  const ref = await startFromCheckpoint(job.model)
  const policy = job.resumeFrom ? await readCheckpoint(job.resumeFrom) : ref
  const reward = await readReward(job.reward, ref)
  const value = settings.valueInit === 'reward' ? reward : zeroValue(ref)
  const prompts = await readPrompts(job, ref)

  const program = new TracedProgram()
  await addRole(program, 'policy', ref.model, policy.tensors)
  await addRole(program, 'ref', ref.model, ref.tensors)
  await addRole(program, 'reward', reward.model, reward.tensors)
  await addRole(program, 'value', value.model, value.tensors)
  const { model, tokenizer } = ref
  const checkpoint = checkpointParts(job, ref)
  return new PpoTrainer(
    { program, policy: model, reward, value, tokenizer, prompts, settings, seed, checkpoint },
    context,
  )
}

type LoadedScorer = Scorer & { tensors: Record<string, Float32Array> }

/** A reward model reads the policy's token ids, so both share one vocabulary. */
export async function readReward(dir: string, policy: Start): Promise<LoadedScorer> {
  const { model, tensors, lineage } = await readCheckpoint(dir)
  const normalization = lineage?.rewardNormalization
  if (model.head !== 'score' || !normalization) {
    const message = `${dir} is no reward model of a reward stage: it needs a score head and temper.json's rewardNormalization`
    throw new TemperError('invalid_checkpoint', message, { details: { dir, head: model.head } })
  }
  if (model.vocabSize !== policy.model.vocabSize) {
    const message = `the reward model has ${model.vocabSize} tokens, the policy ${policy.model.vocabSize}: train it from a checkpoint with the policy's tokenizer`
    throw new TemperError('invalid_checkpoint', message, { details: { dir } })
  }
  return { model, tensors, normalization }
}

/** The policy's body with a head of zeros: it starts by expecting nothing. */
function zeroValue({ model, tensors }: Start): LoadedScorer {
  return {
    model: withScoreHead(model),
    tensors: scoreHeadTensors(model, tensors, 'zero'),
    normalization: { mean: 0, std: 1 },
  }
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
