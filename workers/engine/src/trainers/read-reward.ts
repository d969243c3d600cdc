import { type Lineage, TemperError } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import type { Scorer } from '../forward/index.ts'
import type { Model } from '../models/index.ts'
import type { Start } from './start.ts'

/** Weights of a reward or value model with what its raw scores mean. */
export type LoadedScorer = Scorer & { tensors: Record<string, Float32Array> }

/** @throws TemperError invalid_checkpoint for a folder that is no reward model for the policy's tokens */
export async function readReward(dir: string, policy: Start): Promise<LoadedScorer> {
  const { model, tensors, lineage } = await readCheckpoint(dir)
  return { ...scorerOf(dir, model, lineage, policy), tensors }
}

/** A reward model reads the policy's token ids, so both share one vocabulary. */
export function scorerOf(
  dir: string,
  model: Model,
  lineage: Lineage | undefined,
  policy: Pick<Start, 'model'>,
): Scorer {
  const normalization = lineage?.rewardNormalization
  if (model.head !== 'score' || !normalization) {
    const message = `${dir} is no reward model of a reward stage: it needs a score head and temper.json's rewardNormalization`
    throw new TemperError('invalid_checkpoint', message, { details: { dir, head: model.head } })
  }
  if (model.vocabSize !== policy.model.vocabSize) {
    const message = `the reward model has ${model.vocabSize} tokens, the policy ${policy.model.vocabSize}: train it from a checkpoint with the policy's tokenizer`
    throw new TemperError('invalid_checkpoint', message, { details: { dir } })
  }
  return { model, normalization }
}
