import { languageModelingLoss } from '@temper/engine/losses'
import { type Attend, addRole, loadModel, type Model, paramsOf } from '@temper/engine/models'
import { attention, packedCausalAttention } from '@temper/engine/nn'
import { tf } from '@temper/engine/runtime'
import { globalNorm, gradients, type Inputs, TracedProgram } from '@temper/engine/tracing'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { randomRows } from '../works/random-tokens.ts'
import type { MemoryPoint } from './points.ts'

/** Narrow, so that what is measured is what grows with the row, and a step is quick. */
const width = { hidden_size: 64, num_attention_heads: 2, num_key_value_heads: 2, intermediate_size: 128 }
/** GPT-2's, where the head is measured. */
const vocabularies = { attention: 256, head: 50_257 } as const

function modelFor({ part, length }: MemoryPoint): Model {
  return loadModel({
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    ...width,
    num_hidden_layers: part === 'attention' ? 2 : 1,
    max_position_embeddings: length,
    vocab_size: vocabularies[part],
    tie_word_embeddings: true,
  })
}

type Batch = Inputs<'ids' | 'positions' | 'segments' | 'targets'>

/** A forward and backward pass over one row, its gradients reduced to their norm; `run` gives the norm. */
export async function openStep(point: MemoryPoint): Promise<{ run(): Promise<number>; close(): void }> {
  const { length } = point
  const model = modelFor(point)
  const program = new TracedProgram({ kernels: point.form !== 'tiled, no kernel' })
  await addRole(program, 'policy', model, model.initialize(0))
  const grid = { shape: [1, length], dtype: 'int32' as const }
  const inputs = { ids: grid, positions: grid, segments: grid, targets: { shape: [length], dtype: 'int32' as const } }
  const step = program.define('step', { inputs }, (variables, batch) => {
    const params = paramsOf(variables, 'policy')
    const { grads } = gradients(() => lossOf(point, model, params, batch), params)
    return { norm: globalNorm(Object.values(grads)) }
  })
  const [ids = []] = randomRows(1, length, model.vocabSize)
  const feeds = {
    ids: Int32Array.from(ids),
    positions: Int32Array.from(ids.keys()),
    segments: new Int32Array(length).fill(1),
    targets: Int32Array.from(ids),
  }
  return { run: async () => (await step(feeds)).norm.data[0] ?? Number.NaN, close: () => program.close() }
}

function lossOf(point: MemoryPoint, model: Model, params: Record<string, Tensor>, batch: Batch): Tensor {
  const { length } = point
  const attend = point.form === 'plain' ? plainAttention(length) : packedCausalAttention(batch)
  const hidden = model.hiddenStates(params, batch, attend)
  const scored = {
    hidden: hidden.reshape([length, model.hiddenSize]),
    headWeight: model.headWeight(params),
    targets: batch.targets,
    weights: tf.ones([length]),
  }
  const options = point.form === 'all logits' ? { maxLogits: Number.POSITIVE_INFINITY } : {}
  return languageModelingLoss(scored, options).lossSum
}

/** All scores of the row at once, as it is usually written: what tiles are compared with. */
function plainAttention(length: number): Attend {
  const order = tf.range(0, length, 1, 'int32')
  const ahead = tf.less(order.expandDims(1), order.expandDims(0)).cast('float32').mul(1e9)
  return (_layer, q, k, v) => attention(q, k, v, ahead.reshape([1, 1, length, length]))
}
