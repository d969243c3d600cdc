import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { type PromptGroup, packGroups, promptGroup, type Sequence } from '../data/index.ts'
import { type BatchInputs, batchFeeds, feedData, inputsOf } from '../forward/index.ts'
import { languageModelingLoss, sequenceLogps } from '../losses/index.ts'
import { tinyFamily } from '../models/families.fixture.ts'
import { addRole, loadModel, type Model, paramsOf } from '../models/index.ts'
import { atPlaces, packedCausalAttention } from '../nn/index.ts'
import { gradients, type Inputs, TracedProgram, type Variables } from '../tracing/index.ts'

const gpt2 = () =>
  loadModel({ model_type: 'gpt2', n_embd: 16, n_layer: 2, n_head: 4, n_positions: 64, vocab_size: 20, tie_word_embeddings: true }) // biome-ignore format: one row

/** Prompts longer and shorter than windows of 3 and 4, completions of different lengths, and pairs that share nothing. */
const pairs: [chosen: Sequence, rejected: Sequence][] = [
  [sequence([3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9]), sequence([3, 1, 4, 1, 5, 9, 2, 6], [7, 9])],
  [sequence([2], [7, 1, 8, 2, 8, 1, 8]), sequence([2], [4, 5])],
  [sequence([6, 6], [1, 6]), sequence([1, 4], [1, 4, 2, 1])],
  [sequence([5, 7, 7], [2, 1]), sequence([5, 7, 7], [2, 1, 5, 6, 6, 4])], // one begins as the other goes on
]
const count = 2 * pairs.length

function sequence(prompt: number[], completion: number[]): Sequence {
  const ids = [...prompt, ...completion]
  return { ids, lossMask: ids.map((_, i) => i >= prompt.length) }
}

/** Log-probs of the completions, states at their last tokens, and the gradients of a loss that weighs both. */
async function measured(model: Model, groups: readonly PromptGroup[], kernels: boolean) {
  const program = new TracedProgram({ kernels })
  await addRole(program, 'policy', model, model.initialize(1))
  const batch = packGroups(groups, { rowTokens: 32 })
  const feeds = batchFeeds(batch, { sequenceOf: batch.sequenceOf, ends: batch.lastPositions.slice(0, count) })
  const body = (variables: Variables, inputs: Inputs<string>): Record<string, Tensor> => {
    const { ids, ends, sequenceOf, ...x } = inputs as BatchInputs & Inputs<'ends' | 'sequenceOf'>
    const params = paramsOf(variables, 'policy')
    const measure = () => {
      const hidden = model.hiddenStates(params, { ids, positions: x.positions }, packedCausalAttention(x))
      const scored = { ...x, hidden: atPlaces(hidden, x.lossPositions), headWeight: model.headWeight(params) }
      const { logps } = languageModelingLoss(scored)
      return { logps: sequenceLogps(logps, x.weights, sequenceOf, count), states: atPlaces(hidden, ends) }
    }
    const loss = () => {
      const { logps, states } = measure()
      return logps.mul(0.3).sigmoid().sum().add(states.sin().sum())
    }
    return { ...gradients(loss, params, { allowMissing: true }).grads, ...measure() }
  }
  const outputs = await program.define('run', { inputs: inputsOf(feeds) }, body)(feedData(feeds))
  program.close()
  return { tokens: batch.tokens, outputs }
}

/** All chosen answers, then all rejected ones, each with its prompt. */
const apart = [...pairs.map(([chosen]) => chosen), ...pairs.map(([, rejected]) => rejected)].map((one) => ({
  sequences: [one],
  shared: 0,
  size: one.ids.length,
}))

describe.each(['gpt2', 'llama', 'mistral', 'qwen2', 'qwen3', 'mixtral', 'qwen3_moe'])('%s', (modelType) => {
  it.each([true, false])('says the same of completions that share their prompt, kernels %s', async (kernels) => {
    const model = modelType === 'gpt2' ? gpt2() : tinyFamily(modelType)
    const [shared, whole] = [
      await measured(model, pairs.map(promptGroup), kernels),
      await measured(model, apart, kernels),
    ]
    expect([whole.tokens, shared.tokens]).toEqual([58, 44])
    expect(Object.keys(shared.outputs)).toEqual(Object.keys(whole.outputs))
    for (const [name, { data }] of Object.entries(whole.outputs)) {
      const actual = shared.outputs[name]?.data ?? []
      const worst = Math.max(...Array.from(data, (value, i) => Math.abs(value - (actual[i] ?? Number.NaN))))
      expect(worst, name).toBeLessThan(name === 'logps' || name === 'states' ? 1e-5 : 1e-4)
    }
  })
})
