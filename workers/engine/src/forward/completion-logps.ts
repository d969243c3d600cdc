import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type TokenScores, tokenScores } from '../losses/index.ts'
import { hasAdapters, type Model, type Params } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import type { Inputs } from '../tracing/index.ts'

type CompletionInputs = Inputs<'ids' | 'positions' | 'segments' | 'lossPositions' | 'targets'>

/** Hidden states that predict the `targets`, (M, D). */
export function completionHidden(model: Model, params: Params, inputs: CompletionInputs): Tensor {
  const { ids, positions, segments, lossPositions } = inputs
  const attend = packedCausalAttention({ segments, positions })
  return model.hiddenStates(params, { ids, positions, at: lossPositions }, attend)
}

/**
 * Scores of `targets`, each (M), on logits over the sampling temperature; greedy sampling (0) is scored at 1.
 * @param hidden - of `completionHidden`
 */
export function completionScores(
  model: Model,
  params: Params,
  hidden: Tensor,
  targets: Tensor,
  temperature: number,
): TokenScores {
  const options = { temperature: temperature === 0 ? 1 : temperature, frozenHead: hasAdapters(params) }
  return tokenScores(hidden, model.headWeight(params), targets, options)
}

/** Log-probs of `targets` at `lossPositions`, (M), on logits over the sampling temperature. */
export function completionLogps(model: Model, params: Params, inputs: CompletionInputs, temperature: number): Tensor {
  const hidden = completionHidden(model, params, inputs)
  return completionScores(model, params, hidden, inputs.targets, temperature).logps
}
