import { execFileSync } from 'node:child_process'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { gradients, type Program, TracedProgram, withRecomputation } from '../tracing/index.ts'
import { tinyFamily } from './families.fixture.ts'
import { addRole, loadModel, type Model, paramsOf, type Routing } from './index.ts'

const grid = { shape: [2, 6], dtype: 'int32' as const }
const batch = {
  ids: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 0, 0),
  positions: Int32Array.of(0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 0, 0),
  segments: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 0, 0),
}

/** A loss of hidden states and of the routers' probabilities, and its gradient by parameter. */
async function lossAndGradients(program: Program, model: Model, recompute: boolean) {
  await addRole(program, 'policy', model, model.initialize(1))
  const inputs = { ids: grid, positions: grid, segments: grid }
  const run = program.define('run', { inputs }, (variables, { segments, ...input }): Record<string, Tensor> => {
    const params = paramsOf(variables, 'policy')
    const weighted = (x: Tensor) => x.mul(tf.tensor(Float32Array.from({ length: x.size }, (_, i) => Math.cos(i)), x.shape)).sum() // biome-ignore format: one idea
    const loss = () =>
      withRecomputation(recompute, () => {
        const routings: Routing[] = []
        const states = model.hiddenStates(
          params,
          input,
          packedCausalAttention({ segments, positions: input.positions }),
          routings,
        )
        return tf.addN([states, ...routings.map(({ probabilities }) => probabilities)].map(weighted)) as never
      })
    const { value, grads } = gradients(loss, params, { allowMissing: true })
    return { ...grads, loss: value }
  })
  const outputs = await run(batch)
  program.close()
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]))
}

const gpt2 = () => loadModel({ model_type: 'gpt2', vocab_size: 20, n_embd: 16, n_layer: 2, n_head: 4, n_positions: 64 })
const families = ['llama', 'mistral', 'qwen2', 'qwen3', 'mixtral', 'qwen3_moe']
const models = [['gpt2', gpt2] as const, ...families.map((name) => [name, () => tinyFamily(name)] as const)]

describe('recomputed in the backward pass', () => {
  it.each(models)('%s has the loss and the gradients of one that keeps everything', async (_, open) => {
    const kept = await lossAndGradients(new TracedProgram(), open(), false)
    const recomputed = await lossAndGradients(new TracedProgram(), open(), true)
    expect(Object.keys(recomputed).sort()).toEqual(Object.keys(kept).sort())
    for (const [name, values] of Object.entries(kept)) {
      const scale = Math.max(1, ...values.map(Math.abs))
      const worst = Math.max(...values.map((value, i) => Math.abs(value - (recomputed[name]?.[i] ?? Number.NaN))))
      expect(worst / scale, name).toBeLessThanOrEqual(1e-6)
    }
  })
})

/** In a process of its own, since a peak never falls. */
function measured(recompute: boolean): { peak: number; values: number[] } {
  const fixture = new URL('./recomputation.fixture.ts', import.meta.url)
  const program = `import(${JSON.stringify(fixture.href)}).then((fixture) => fixture.print(${recompute}))`
  const output = execFileSync(process.execPath, ['--import', 'tsx', '-e', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return JSON.parse(output)
}

it('holds less than half the memory at its peak where activations are most of it', () => {
  const [kept, recomputed] = [measured(false), measured(true)]
  expect(recomputed.values).toHaveLength(kept.values.length)
  for (const [i, norm] of kept.values.entries()) expect(recomputed.values[i]).toBeCloseTo(norm, 6)
  expect(recomputed.peak).toBeLessThan(kept.peak / 2)
}, 60_000)
