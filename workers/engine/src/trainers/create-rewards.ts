import path from 'node:path'
import type { JobReward } from '@temper/db/contracts'
import { adapterFolder, readAdapter, readLineage, readModel, weightsDigest } from '../checkpoint/index.ts'
import { addRole } from '../models/index.ts'
import { runRewardFunction } from '../rewards/index.ts'
import { type PlacedScorer, type RewardSource, rewardRole } from '../rollout/index.ts'
import type { Program } from '../tracing/index.ts'
import type { PlacedPolicy } from './add-policy.ts'
import { readReward, scorerOf } from './read-reward.ts'
import type { Start } from './start.ts'

/** A scorer of the checkpoint in `dir`; `tensors` are what its role holds itself. */
export type LoadedPlacedScorer = PlacedScorer & { tensors: Record<string, Float32Array>; dir: string }

/** A job's rewards, with the weights of its reward models in the program. */
export async function addRewards(
  program: Program,
  rewards: readonly JobReward[],
  start: Start,
  policy: PlacedPolicy,
): Promise<{ sources: RewardSource[]; firstModel: LoadedPlacedScorer | undefined }> {
  const sources: RewardSource[] = []
  let firstModel: LoadedPlacedScorer | undefined
  for (const reward of rewards) {
    const { name, weight } = reward
    if ('code' in reward) {
      sources.push({ name, weight, score: (samples) => runRewardFunction(reward, samples) })
      continue
    }
    const scorer = await readPlacedReward(reward, start, policy)
    await addRole(program, scorer.role, scorer.model, scorer.tensors)
    sources.push({ name, weight, scorer })
    firstModel ??= scorer
  }
  return { sources, firstModel }
}

type RewardModel = Extract<JobReward, { model: string }>

/**
 * A frozen reward model: adapters over the policy's starting weights where the program holds these and the adapters were
 * trained over the very same, else all of it.
 */
async function readPlacedReward(
  { name, model: dir }: RewardModel,
  start: Start,
  { startRole }: PlacedPolicy,
): Promise<LoadedPlacedScorer> {
  const lineage = startRole === undefined ? undefined : await readLineage(dir)
  if (startRole === undefined || lineage?.adapter?.base.sha256 !== weightsDigest(start.tensors)) {
    return { ...(await readReward(dir, start)), dir, role: rewardRole(name) }
  }
  const scorer = scorerOf(dir, await readModel(dir), lineage, start)
  const { adapter, tensors } = await readAdapter(path.join(dir, adapterFolder), scorer.model)
  return { ...scorer, tensors, dir, role: { name: rewardRole(name), base: startRole, adapter } }
}
