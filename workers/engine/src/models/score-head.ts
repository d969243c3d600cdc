import { scoreWeight } from './head.ts'
import { normals } from './initialize.ts'
import { familyOf, loadModel } from './load-model.ts'
import type { Model } from './model.ts'

/**
 * The same body with a score head in place of the language head: how a reward or value model is made from a policy.
 * A model that has one already is returned as it is.
 */
export function withScoreHead(model: Model): Model {
  if (model.head === 'score') return model
  const architecture = `${familyOf(model.modelType).classPrefix}ForSequenceClassification`
  const labels = { id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } }
  return loadModel({ ...model.configJson, architectures: [architecture], ...labels })
}

/**
 * Weights of `withScoreHead(model)` from those of `model`: the language head falls away. The score head starts at
 * N(0, 1/sqrt(D + 1)) by `seed` (Stiennon et al., 2020), or at zero.
 */
export function scoreHeadTensors(
  model: Model,
  tensors: Record<string, Float32Array>,
  start: { seed: number } | 'zero',
): Record<string, Float32Array> {
  const { 'lm_head.weight': _, ...body } = tensors
  return { ...body, [scoreWeight]: tensors[scoreWeight] ?? freshHead(model.hiddenSize, start) }
}

function freshHead(hiddenSize: number, start: { seed: number } | 'zero'): Float32Array {
  if (start === 'zero') return new Float32Array(hiddenSize)
  return normals(hiddenSize, start.seed, scoreWeight, 1 / Math.sqrt(hiddenSize + 1))
}
