import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { gatherHidden, tokenScores } from '../losses/index.ts'
import type { Model, Params } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import type { Inputs } from '../tracing/index.ts'

/** Log-probs of `targets` at `lossPositions`, (M), on logits over the sampling temperature. */
export function completionLogps(
  model: Model,
  params: Params,
  inputs: Inputs<'ids' | 'positions' | 'segments' | 'lossPositions' | 'targets'>,
  temperature: number,
): Tensor {
  const { ids, positions, segments, lossPositions, targets } = inputs
  const hidden = model.hiddenStates(params, { ids, positions }, packedCausalAttention({ segments, positions }))
  const options = { temperature: temperature === 0 ? 1 : temperature }
  return tokenScores(gatherHidden(hidden, lossPositions), model.headWeight(params), targets, options).logps
}
