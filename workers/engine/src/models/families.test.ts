import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { EagerProgram, gradients, type Program, TracedProgram } from '../tracing/index.ts'
import { freshParams, statesOf, tinyFamily } from './families.fixture.ts'
import { addRole, type Model, paramsOf } from './index.ts'

const grid = { shape: [2, 6], dtype: 'int32' as const }
const batch = {
  ids: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 0, 0),
  positions: Int32Array.of(0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 0, 0),
  segments: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 0, 0),
}

/** Hidden states of a batch, and the gradient of a loss that weighs each of them, by parameter. */
async function statesAndGradients(program: Program, model: Model) {
  await addRole(program, 'policy', model, model.initialize(1))
  const run = program.define(
    'run',
    { inputs: { ids: grid, positions: grid, segments: grid } },
    (variables, { segments, ...input }): Record<string, Tensor> => {
      const states = () =>
        model.hiddenStates(
          paramsOf(variables, 'policy'),
          input,
          packedCausalAttention({ segments, positions: input.positions }),
        )
      const weights = tf.tensor(
        Float32Array.from({ length: 192 }, (_, i) => Math.cos(i)),
        [2, 6, 16],
      )
      const { grads } = gradients(() => states().mul(weights).sum(), paramsOf(variables, 'policy'), {
        allowMissing: true,
      })
      return { ...grads, states: states() }
    },
  )
  const outputs = await run(batch)
  program.close()
  return outputs
}

describe.each(['llama', 'mistral', 'qwen2', 'qwen3', 'mixtral', 'qwen3_moe'])('%s', (modelType) => {
  it('has the same states and gradients traced and eager', async () => {
    const model = tinyFamily(modelType)
    const traced = await statesAndGradients(new TracedProgram(), model)
    const eager = await statesAndGradients(new EagerProgram(), model)
    expect(Object.keys(traced).sort()).toEqual(Object.keys(eager).sort())
    for (const [name, { data }] of Object.entries(eager)) {
      const largest = Math.max(...Array.from(data, Math.abs))
      const actual = traced[name]?.data ?? []
      const worst = Math.max(...Array.from(data, (value, i) => Math.abs(value - (actual[i] ?? Number.NaN))))
      expect(worst, name).toBeLessThanOrEqual(1e-5 * Math.max(1, largest))
    }
  })
})

const ids = [3, 1, 4, 1, 5, 9]

function statesOfFresh(model: Model, sequence: number[]): number[][] {
  const [states = []] = tf.tidy(() => statesOf(model, freshParams(model, 1), sequence).arraySync() as number[][][])
  return states
}

describe('a sliding window', () => {
  const changed = [7, 1, 4, 1, 5, 9]
  const affected = (model: Model) => {
    const [before, after] = [statesOfFresh(model, ids), statesOfFresh(model, changed)]
    return before.map((state, t) => state.some((value, i) => value !== after[t]?.[i]))
  }

  it('hides tokens further back than itself', () => {
    const windowed = tinyFamily('mistral', { num_hidden_layers: 1 })
    expect(affected(windowed)).toEqual([true, true, true, false, false, false])
    expect(affected(tinyFamily('mistral', { num_hidden_layers: 1, sliding_window: null }))).not.toContain(false)
  })

  it('is that of each layer', () => {
    const one = { num_hidden_layers: 1, use_sliding_window: true, sliding_window: 2 }
    expect(affected(tinyFamily('qwen2', { ...one, max_window_layers: 0 }))).toContain(false)
    expect(affected(tinyFamily('qwen2', { ...one, max_window_layers: 1 }))).not.toContain(false)
    expect(affected(tinyFamily('qwen3', { ...one, layer_types: ['sliding_attention'] }))).toContain(false)
    expect(affected(tinyFamily('qwen3', { ...one, layer_types: ['full_attention'] }))).not.toContain(false)
  })

  it.each([
    [{ layer_types: ['full_attention'] }, 'layer_types names 1 layers, num_hidden_layers is 2'],
    [{ use_sliding_window: false, layer_types: Array(2).fill('sliding_attention') }, 'no sliding_window is in use'],
  ])('is refused where %o contradicts the rest', (more, message) => {
    expect(() => tinyFamily('qwen2', more)).toThrow(message)
  })
})

describe('rope scaling', () => {
  it.each([
    [{ rope_type: 'linear', factor: 4 }, 4],
    [{ rope_type: 'yarn', factor: 4 }, 4],
    [{ rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 }, 1],
    [{ rope_type: 'dynamic', factor: 4 }, 1],
    [{ rope_type: 'default' }, 1],
  ])('of %j gives a context of %i times what the file names', (rope, times) => {
    const model = tinyFamily('llama', { rope_parameters: { rope_theta: 100, ...rope }, max_position_embeddings: 64 })
    expect(model.contextLength).toBe(64 * times)
  })

  const states = (rope: Record<string, unknown>) =>
    statesOfFresh(tinyFamily('llama', { rope_parameters: { rope_theta: 100, ...rope } }), ids)
  const plain = states({ rope_type: 'default' })

  it('stretches positions (linear), blends pairs (yarn), and leaves positions within the context alone (dynamic)', () => {
    expect(states({ rope_type: 'linear', factor: 4 })).not.toEqual(plain)
    expect(states({ rope_type: 'yarn', factor: 4, original_max_position_embeddings: 16 })).not.toEqual(plain)
    expect(states({ rope_type: 'dynamic', factor: 4 })).toEqual(plain)
  })

  it.each([
    [{ rope_type: 'longrope' }, 'unsupported', 'rope type "longrope"'],
    [{ rope_type: 'linear' }, 'invalid_checkpoint', 'factor'],
    [{ rope_type: 'yarn' }, 'invalid_checkpoint', 'factor'],
    [{ partial_rotary_factor: 0.5 }, 'invalid_checkpoint', 'partial_rotary_factor'],
  ])('refuses %o', (rope, code, message) => {
    expect(() => states(rope)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})
