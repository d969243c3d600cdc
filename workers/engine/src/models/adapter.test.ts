import { loraTargetsOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { EagerProgram, gradients, type Program, TracedProgram, type Variables } from '../tracing/index.ts'
import { type Adapter, adaptedModules, adapterShapes, freshAdapter, scalingOf, targetNames } from './adapter.ts'
import { tinyFamily } from './families.fixture.ts'
import { loadModel, type Model, withScoreHead } from './index.ts'
import { mergedWeights } from './merged-weights.ts'
import { type AdaptedRole, addBase, addRole, namesRead, paramsOf, type Role, roleNames } from './roles.ts'
import { uniformStream } from './uniform-stream.ts'

const gpt2 = loadModel({ model_type: 'gpt2', n_embd: 16, n_layer: 2, n_head: 4, n_positions: 64, vocab_size: 20 })
/** One with biases of projections; one with norms of heads, dense layers and experts. */
const families = ['qwen2', 'qwen3_moe'] as const
const models: [string, Model][] = [
  ['gpt2', gpt2],
  ['llama', tinyFamily('llama')],
  ...families.map((name): [string, Model] => [name, tinyFamily(name)]),
]
const adapter: Adapter = { rank: 3, alpha: 6, rsLora: false }
const role: AdaptedRole = { name: 'policy', base: 'base', adapter }

const grid = { shape: [2, 6], dtype: 'int32' as const }
const batch = {
  ids: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 0, 0),
  positions: Int32Array.of(0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 0, 0),
  segments: Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 0, 0),
}

/** Adapters whose B is not 0. */
function trained(model: Model, of = adapter): Record<string, Float32Array> {
  const next = uniformStream(5, 6)
  return Object.fromEntries(
    Object.entries(freshAdapter(model, of, 1)).map(([name, values]) => [name, values.map(() => next() - 0.5)]),
  )
}

async function open<P extends Program>(program: P, model: Model, own = trained(model), of = role): Promise<P> {
  await addBase(program, of.base, model, model.initialize(1))
  await addRole(program, of, model, own)
  return program
}

/** Σ cos(i) · state i: a loss that weighs each state differently. */
function weigh(states: Tensor): Tensor {
  const weights = Float32Array.from({ length: states.size }, (_, i) => Math.cos(i))
  return states.mul(tf.tensor(weights, states.shape)).sum()
}

let names = 0
/** Runs `body` on the states (2, 6, 16) of a role's weights. */
async function run(
  program: Program,
  model: Model,
  of: Role,
  body: (states: (seed?: Tensor) => Tensor, variables: Variables) => Record<string, Tensor>,
) {
  const inputs = { ids: grid, positions: grid, segments: grid }
  const call = program.define(`run ${names++}`, { inputs }, (variables, { ids, positions, segments }) => {
    const attend = packedCausalAttention({ segments, positions })
    const states = (seed?: Tensor) => model.hiddenStates(paramsOf(variables, of, seed), { ids, positions }, attend)
    return body(states, variables)
  })
  return call(batch)
}

const statesOf = async (program: Program, model: Model, of: Role) =>
  (await run(program, model, of, (states) => ({ states: states() }))).states?.data ?? []

/** States, and gradients of their weighted sum in every adapter, with dropout where there is a seed. */
function statesAndGradients(program: Program, model: Model, of: AdaptedRole, seed?: number) {
  return run(program, model, of, (states, variables): Record<string, Tensor> => {
    const drop = seed === undefined ? undefined : tf.tensor1d([seed, 7], 'int32')
    const own = Object.fromEntries(roleNames(of, model).map((name) => [name, variables[name] as Tensor]))
    const { grads, value } = gradients(() => weigh(states(drop)), own)
    return { ...grads, value }
  })
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = '') {
  expect(actual.length, what).toBe(expected.length)
  const largest = Math.max(1, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] ?? Number.NaN))))
  expect(worst, what).toBeLessThanOrEqual(tolerance * largest)
}

describe.each(models)('adapters of %s', (_, model) => {
  it("have no effect before their first step, to the last bit: LoRA's B is 0", async () => {
    const program = await open(new TracedProgram(), model, freshAdapter(model, adapter, 1))
    expect(await statesOf(program, model, role)).toEqual(await statesOf(program, model, 'base'))
    program.close()
  })

  it('compute what merged weights compute', async () => {
    const program = await open(new TracedProgram(), model)
    const states = await statesOf(program, model, role)
    const merge = program.define('merge', { inputs: {} }, (variables) =>
      mergedWeights(paramsOf(variables, role), model, adapter),
    )
    const merged = Object.entries(await merge({})).map(([name, { data }]) => [name, data as Float32Array])
    await addRole(program, 'merged', model, { ...model.initialize(1), ...Object.fromEntries(merged) })
    expectClose(states, await statesOf(program, model, 'merged'), 1e-5)
    expect(states).not.toEqual(await statesOf(program, model, 'base'))
    program.close()
  })

  it('have the same states and gradients traced and eager, with dropout and without', async () => {
    const dropping = { ...role, dropout: { rate: 0.3, seed: 1 } }
    const programs = [await open(new TracedProgram(), model), await open(new EagerProgram(), model)]
    for (const seed of [undefined, 3]) {
      const [traced = {}, eager = {}] = await Promise.all(
        programs.map((program) => statesAndGradients(program, model, dropping, seed)),
      )
      for (const [name, { data }] of Object.entries(eager)) expectClose(traced[name]?.data ?? [], data, 2e-5, name)
    }
    for (const program of programs) program.close()
  })

  it('reach the states from each projection', async () => {
    for (const module of model.projections) {
      const only = { ...role, adapter: { ...adapter, targets: [module] } }
      const program = await open(new EagerProgram(), model, trained(model, only.adapter), only)
      expect(await statesOf(program, model, only), module).not.toEqual(await statesOf(program, model, 'base'))
      program.close()
    }
  })
})

it.each([
  ['llama', tinyFamily('llama')],
  ['gpt2', gpt2],
])('has the gradients that finite differences have (%s)', async (_, model) => {
  const program = await open(new EagerProgram(), model)
  const own = trained(model)
  const { value: _value, ...grads } = await statesAndGradients(program, model, role)
  const next = uniformStream(8, 9)
  const epsilon = 3e-3
  for (const [name, values] of Object.entries(own)) {
    const direction = values.map(() => next() - 0.5)
    const lossAt = async (step: number) => {
      await program.write({ [`policy/${name}`]: values.map((value, i) => value + step * (direction[i] ?? 0)) })
      return Number((await run(program, model, role, (states) => ({ loss: weigh(states()) }))).loss?.data[0])
    }
    const slope = ((await lossAt(epsilon)) - (await lossAt(-epsilon))) / (2 * epsilon)
    await program.write({ [`policy/${name}`]: values })
    const grad = grads[`policy/${name}`]?.data ?? []
    const expected = direction.reduce((sum, d, i) => sum + d * (grad[i] ?? Number.NaN), 0)
    expect(Math.abs(slope - expected), name).toBeLessThan(0.01 * Math.max(1, Math.abs(expected)))
  }
  program.close()
})

it('takes no gradient of the weights under adapters: their products would be one more a layer', async () => {
  const model = tinyFamily('llama')
  const program = await open(new TracedProgram({ kernels: false }), model)
  const products = async (of: readonly string[]) => {
    const name = `gradients in ${of.length}`
    const inputs = { ids: grid, positions: grid, segments: grid }
    program.define(name, { inputs }, (variables, { ids, positions, segments }) => {
      const params = Object.fromEntries(of.map((key) => [key, variables[key] as Tensor]))
      const attend = packedCausalAttention({ segments, positions })
      return gradients(() => weigh(model.hiddenStates(paramsOf(variables, role), { ids, positions }, attend)), params)
        .grads
    })
    const matrices = (await program.profile(name, batch)).times.filter(({ op }) => op === 'MatMul')
    return matrices.reduce((sum, { count }) => sum + count, 0)
  }
  const own = roleNames(role, model)
  const frozen = model.projections.map((module) => `base/${module}.weight`)
  expect(await products(own)).toBe((await products([...own, ...frozen])) - 14)
  program.close()
})

describe('dropout of adapters', () => {
  const model = tinyFamily('llama')
  const dropping = { ...role, dropout: { rate: 0.5, seed: 1 } }

  it('is a function of the seed, and none without one', async () => {
    const program = await open(new TracedProgram(), model)
    const losses = await Promise.all(
      [undefined, 1, 1, 2].map(async (seed) => (await statesAndGradients(program, model, dropping, seed)).value?.data),
    )
    const [plain, first, again, other] = losses
    expect(plain).toEqual((await statesAndGradients(program, model, role)).value?.data)
    expect(again).toEqual(first)
    expect(new Set([plain, first, other].map((data) => data?.[0])).size).toBe(3)
    program.close()
  })
})

describe('targets', () => {
  it('are all linear layers of the blocks unless set', () => {
    const llama = tinyFamily('llama')
    expect(targetNames(llama, adapter)).toEqual([
      'q_proj',
      'k_proj',
      'v_proj',
      'o_proj',
      'gate_proj',
      'up_proj',
      'down_proj',
    ])
    expect(adaptedModules(llama, adapter)).toHaveLength(14)
    expect(targetNames(gpt2, adapter)).toEqual(['c_attn', 'c_proj', 'c_fc'])
    expect(adaptedModules(tinyFamily('mixtral'), adapter)).toHaveLength(8)
  })

  it('are what recipes may name', () => {
    const mixtral: [string, Model] = ['mixtral', tinyFamily('mixtral')]
    for (const [name, model] of [...models, mixtral]) {
      expect(loraTargetsOf(name), name).toEqual(expect.arrayContaining(targetNames(model, adapter)))
      expect(adaptedModules(model, { ...adapter, targets: targetNames(model, adapter) }), name).toEqual(
        model.projections,
      )
    }
    expect(adaptedModules(gpt2, { ...adapter, targets: loraTargetsOf('gpt2') })).toEqual(gpt2.projections)
  })

  it('are matched by the ends of names, as PEFT does', () => {
    const modulesOf = (...targets: string[]) => adaptedModules(gpt2, { ...adapter, targets })
    expect(modulesOf('c_proj')).toHaveLength(4)
    expect(modulesOf('mlp.c_proj')).toEqual(['transformer.h.0.mlp.c_proj', 'transformer.h.1.mlp.c_proj'])
    expect(() => modulesOf('proj')).toThrow('expected some of c_attn, c_proj, c_fc')
  })

  it('are refused by name where no linear layer is called so', () => {
    const targets = ['q_proj', 'down_proj']
    expect(() => adaptedModules(tinyFamily('mixtral'), { ...adapter, targets })).toThrow(
      expect.objectContaining({
        code: 'invalid_recipe',
        message: expect.stringMatching(/down_proj cannot have .* mixtral model \(matrices of experts take none\)/),
      }),
    )
  })

  it('give A (rank, inputs) and B (outputs, rank), also where weights are (inputs, outputs)', () => {
    const shapes = adapterShapes(gpt2, { ...adapter, targets: ['c_fc'] })
    expect(shapes['transformer.h.0.mlp.c_fc.lora_A.weight']).toEqual([3, 16])
    expect(shapes['transformer.h.0.mlp.c_fc.lora_B.weight']).toEqual([64, 3])
  })
})

describe('a fresh adapter', () => {
  it('is uniform within 1 / √inputs in A, and 0 in B', () => {
    const wide = tinyFamily('llama', { hidden_size: 400, num_attention_heads: 4 })
    const tensors = freshAdapter(wide, { ...adapter, rank: 50, targets: ['q_proj'] }, 1)
    const a = tensors['model.layers.0.self_attn.q_proj.lora_A.weight'] ?? []
    expect(Math.max(...a)).toBeLessThan(0.05)
    expect(Math.max(...a)).toBeGreaterThan(0.0499)
    expect(Math.min(...a)).toBeLessThan(-0.0499)
    const variance = Array.from(a).reduce((sum, value) => sum + value ** 2, 0) / a.length
    expect(variance).toBeCloseTo(0.05 ** 2 / 3, 4)
    expect(new Set(tensors['model.layers.0.self_attn.q_proj.lora_B.weight'])).toEqual(new Set([0]))
  })

  it('repeats by its seed', () => {
    expect(freshAdapter(gpt2, adapter, 1)).toEqual(freshAdapter(gpt2, adapter, 1))
    expect(freshAdapter(gpt2, adapter, 1)).not.toEqual(freshAdapter(gpt2, adapter, 2))
  })
})

it('scales by alpha / rank, or by alpha / √rank', () => {
  expect(scalingOf({ rank: 16, alpha: 32, rsLora: false })).toBe(2)
  expect(scalingOf({ rank: 16, alpha: 32, rsLora: true })).toBe(8)
})

it('leaves a role with adapters no weights of its own but a score head', () => {
  const scorer = withScoreHead(tinyFamily('llama'))
  const own = roleNames({ ...role, adapter: { ...adapter, targets: ['q_proj'] } }, scorer)
  expect(own).toEqual([
    ...[0, 1].flatMap((layer) =>
      ['A', 'B'].map((matrix) => `policy/model.layers.${layer}.self_attn.q_proj.lora_${matrix}.weight`),
    ),
    'policy/score.weight',
  ])
  const read = namesRead(role, scorer)
  expect(read).toContain('base/model.embed_tokens.weight')
  expect(read).not.toContain('base/score.weight')
})
