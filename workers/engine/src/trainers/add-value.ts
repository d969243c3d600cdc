import { type JobOf, TemperError } from '@temper/db/contracts'
import { readTensors } from '../checkpoint/index.ts'
import { addRole, freshAdapter, isAdapted, scoreHeadTensors, withScoreHead } from '../models/index.ts'
import type { Program } from '../tracing/index.ts'
import { adaptedRole, loraOf } from './adapted-role.ts'
import type { LoadedPlacedScorer } from './create-rewards.ts'
import type { Start } from './start.ts'
import { addSharedValueHead, type ValueModel } from './value-model.ts'

/** Adds the value model of a ppo stage. @param reward - its first reward model */
export async function addValue(
  program: Program,
  job: JobOf<'ppo'>,
  policy: Start,
  reward: LoadedPlacedScorer | undefined,
): Promise<ValueModel> {
  if (job.settings.valueBody === 'shared') {
    await addSharedValueHead(program, policy.model.hiddenSize)
    return 'shared'
  }
  const value = await ownValue(job, job.settings.valueInit === 'zero' ? zeroValue(policy, job.model) : reward)
  await addRole(program, value.role, value.model, value.tensors)
  return value
}

/**
 * A value model that starts as another scorer. With `lora` it has adapters: the reward model's own where it has some,
 * else fresh ones over its weights.
 */
async function ownValue(job: JobOf<'ppo'>, start: LoadedPlacedScorer | undefined): Promise<LoadedPlacedScorer> {
  if (!start) throw new TemperError('invalid_input', "valueInit 'reward' needs a reward model among the rewards")
  const lora = loraOf(job)
  if (!lora) return { ...start, role: 'value', tensors: await wholeWeights(start) }
  if (isAdapted(start.role)) return { ...start, role: { ...start.role, name: 'value' } }
  const role = adaptedRole('value', start.role, lora, job.seed)
  return { ...start, role, tensors: { ...start.tensors, ...freshAdapter(start.model, role.adapter, job.seed) } }
}

/** The policy's body with a head of zeros: it starts by expecting nothing. */
function zeroValue({ model, tensors }: Start, dir: string): LoadedPlacedScorer {
  return {
    model: withScoreHead(model),
    tensors: scoreHeadTensors(model, tensors, 'zero'),
    normalization: { mean: 0, std: 1 },
    role: 'ref',
    dir,
  }
}

/** A checkpoint's files hold adapters added in. */
async function wholeWeights({ role, model, tensors, dir }: LoadedPlacedScorer) {
  return isAdapted(role) ? readTensors(dir, model) : tensors
}
