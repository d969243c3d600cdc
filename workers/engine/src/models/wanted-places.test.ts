import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { atPlaces, packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { gradients, TracedProgram, withRecomputation } from '../tracing/index.ts'
import { tinyFamily } from './families.fixture.ts'
import { addRole, loadModel, type Model, paramsOf, type Routing } from './index.ts'

const grid = { shape: [2, 6], dtype: 'int32' as const }
const batch = {
  ids: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 0, 0),
  positions: Int32Array.of(0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 0, 0),
  segments: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 0, 0),
  at: Int32Array.of(5, 2, 7, 2),
}

interface Way {
  /** Asked of the model, or taken from the states of all places. */
  asked: boolean
  recompute?: boolean
  routed?: boolean
}

/** States of some places, a loss of them and of the routers' probabilities, its gradients, and the products it took. */
async function measured(model: Model, { asked, recompute = false, routed = false }: Way) {
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(1))
  const inputs = { ids: grid, positions: grid, segments: grid, at: { shape: [4], dtype: 'int32' as const } }
  program.define('run', { inputs }, (variables, { segments, at, ids, positions }): Record<string, Tensor> => {
    const params = paramsOf(variables, 'policy')
    const attend = packedCausalAttention({ segments, positions })
    const statesOf = (routings?: Routing[]) =>
      asked
        ? model.hiddenStates(params, { ids, positions, at }, attend, routings)
        : atPlaces(model.hiddenStates(params, { ids, positions }, attend, routings), at)
    const loss = () =>
      withRecomputation(recompute, () => {
        const routings: Routing[] = []
        const states = statesOf(routed ? routings : undefined).sin()
        return tf.addN([states, ...routings.map(({ probabilities }) => probabilities.square())].map((x) => x.sum()))
      })
    return { ...gradients(loss as () => Tensor, params, { allowMissing: true }).grads, states: statesOf() }
  })
  const { outputs, productFlops } = await program.profile('run', batch)
  program.close()
  return { outputs, productFlops }
}

const gpt2 = () => loadModel({ model_type: 'gpt2', vocab_size: 20, n_embd: 16, n_layer: 2, n_head: 4, n_positions: 64 })
const families = ['llama', 'mistral', 'qwen2', 'qwen3', 'mixtral', 'qwen3_moe']
const models = [['gpt2', gpt2] as const, ...families.map((name) => [name, () => tinyFamily(name)] as const)]

describe.each(models)('states of some places under %s', (_, open) => {
  it.each([{}, { recompute: true }, { routed: true }])('are those among all, with their gradients: %o', async (way) => {
    const model = open()
    const [all, some] = [
      await measured(model, { asked: false, ...way }),
      await measured(model, { asked: true, ...way }),
    ]
    expect(Object.keys(some.outputs).sort()).toEqual(Object.keys(all.outputs).sort())
    for (const [key, { data, shape }] of Object.entries(all.outputs)) {
      expect(some.outputs[key]?.shape, key).toEqual(shape)
      const scale = Math.max(1, ...data.map(Math.abs))
      const worst = Math.max(
        ...Array.from(data, (value, i) => Math.abs(value - (some.outputs[key]?.data[i] ?? Number.NaN))),
      )
      expect(worst / scale, key).toBeLessThanOrEqual(1e-6)
    }
  })

  it('take fewer products than those of all', async () => {
    const [all, some] = [await measured(open(), { asked: false }), await measured(open(), { asked: true })]
    expect(some.productFlops).toBeLessThan(all.productFlops)
  })
})
