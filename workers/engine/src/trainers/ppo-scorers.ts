import path from 'node:path'
import type { JobOf } from '@temper/db/contracts'
import { adapterFolder, readAdapter, readLineage, readModel, readTensors, weightsDigest } from '../checkpoint/index.ts'
import { freshAdapter, isAdapted, scoreHeadTensors, withScoreHead } from '../models/index.ts'
import { adaptedRole, loraOf } from './adapted-role.ts'
import type { PlacedScorer } from './ppo.ts'
import { readReward, scorerOf } from './read-reward.ts'
import type { Start } from './start.ts'

/** `tensors` are what its role holds itself. */
type LoadedPlacedScorer = PlacedScorer & { tensors: Record<string, Float32Array> }

/** A frozen reward model: adapters over the reference where they were trained over the very weights, else all of it. */
export async function readRewardOver(dir: string, ref: Start): Promise<LoadedPlacedScorer> {
  const lineage = await readLineage(dir)
  if (lineage?.adapter === undefined || lineage.adapter.base.sha256 !== weightsDigest(ref.tensors)) {
    return { ...(await readReward(dir, ref)), role: 'reward' }
  }
  const scorer = scorerOf(dir, await readModel(dir), lineage, ref)
  const { adapter, tensors } = await readAdapter(path.join(dir, adapterFolder), scorer.model)
  return { ...scorer, tensors, role: { name: 'reward', base: 'ref', adapter } }
}

/**
 * The value model starts as the reward model, or as the policy's body with a head of zeros, which expects nothing. With
 * `lora` it has adapters: the reward model's own where it has some, else fresh ones over its weights.
 */
export async function valueScorerOf(
  job: JobOf<'ppo'>,
  ref: Start,
  reward: LoadedPlacedScorer,
): Promise<LoadedPlacedScorer> {
  const lora = loraOf(job)
  const start = job.settings.valueInit === 'zero' ? zeroValue(ref) : reward
  if (!lora) return { ...start, role: 'value', tensors: await wholeWeights(job.reward, start) }
  if (isAdapted(start.role)) return { ...start, role: { ...start.role, name: 'value' } }
  const role = adaptedRole('value', start.role, lora, job.seed)
  return { ...start, role, tensors: { ...start.tensors, ...freshAdapter(start.model, role.adapter, job.seed) } }
}

function zeroValue({ model, tensors }: Start): LoadedPlacedScorer {
  return {
    model: withScoreHead(model),
    tensors: scoreHeadTensors(model, tensors, 'zero'),
    normalization: { mean: 0, std: 1 },
    role: 'ref',
  }
}

/** A checkpoint's files hold adapters added in. */
async function wholeWeights(dir: string, { role, model, tensors }: LoadedPlacedScorer) {
  return isAdapted(role) ? readTensors(dir, model) : tensors
}
