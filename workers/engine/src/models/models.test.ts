import { type ModelSpec, modelSchema } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { tinyFamily } from './families.fixture.ts'
import { loadModel, type Model, modelFromSpec, scoreHeadTensors, scoreWeight, withScoreHead } from './index.ts'

type NewModel = Extract<ModelSpec, { architecture: string }>

function spec(settings: Record<string, unknown>): NewModel {
  const tokenizer = { type: 'bpe', data: 'stories' }
  return modelSchema.parse({
    hiddenSize: 16,
    nLayer: 2,
    nHead: 4,
    contextLength: 32,
    tokenizer,
    ...settings,
  }) as NewModel
}

const tiny = (architecture: 'llama' | 'gpt2', more = {}) => modelFromSpec(spec({ architecture, ...more }), 20, {})

/** Logits (B, T, V) of rows of ids. */
function logits(model: Model, rows: { ids: number[][]; positions: number[][]; segments: number[][] }): number[][][] {
  return tf.tidy(() => {
    const weights = model.initialize(1)
    const params = Object.fromEntries(
      Object.entries(model.parameterShapes).map(([name, shape]) => [name, tf.tensor(weights[name] ?? [], shape)]),
    )
    const int = (values: number[][]) => tf.tensor2d(values, undefined, 'int32')
    const input = { ids: int(rows.ids), positions: int(rows.positions) }
    const hidden = model.hiddenStates(
      params,
      input,
      packedCausalAttention({ segments: int(rows.segments), positions: input.positions }),
    )
    const [batch = 0, length = 0] = hidden.shape
    const flat = tf.matMul(hidden.reshape([batch * length, -1]), model.headWeight(params), false, true)
    return flat.reshape([batch, length, -1]).arraySync() as number[][][]
  })
}

function expectEqualRows(actual: number[][] = [], expected: number[][] = []) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) expect(actual[i]?.[j]).toBeCloseTo(value, 5)
  }
}

describe.each([
  ['gpt2', tiny('gpt2')],
  ['llama', tiny('llama')],
  ['llama with shared keys and an own head', tiny('llama', { nKvHead: 2, tieWordEmbeddings: false })],
  ['mistral', tinyFamily('mistral')],
  ['qwen2', tinyFamily('qwen2')],
  ['qwen3', tinyFamily('qwen3')],
  ['mixtral', tinyFamily('mixtral')],
  ['qwen3_moe', tinyFamily('qwen3_moe')],
] as const)('%s', (_, model) => {
  const alone = { ids: [[3, 1, 4]], positions: [[0, 1, 2]], segments: [[1, 1, 1]] }

  it('predicts a packed sequence as it does alone', () => {
    const packed = logits(model, {
      ids: [[9, 9, 3, 1, 4, 0]],
      positions: [[0, 1, 0, 1, 2, 0]],
      segments: [[1, 1, 2, 2, 2, 0]],
    })
    expectEqualRows(packed[0]?.slice(2, 5), logits(model, alone)[0])
  })

  it('does not let a token see later ones', () => {
    const other = { ...alone, ids: [[3, 1, 15]] }
    const [a, b] = [logits(model, alone)[0], logits(model, other)[0]]
    expectEqualRows(a?.slice(0, 2), b?.slice(0, 2))
    expect(a?.[2]).not.toEqual(b?.[2])
  })

  it('initialises the same bits from the same seed, and others from another', () => {
    expect(model.initialize(5)).toEqual(model.initialize(5))
    const name = model.modelType === 'gpt2' ? 'transformer.wte.weight' : 'model.embed_tokens.weight'
    expect(model.initialize(5)[name]).not.toEqual(model.initialize(6)[name])
  })

  it('draws every parameter in its shape: matrices small, norms 1, biases 0', () => {
    for (const [name, values] of Object.entries(model.initialize(5))) {
      const shape = model.parameterShapes[name] ?? []
      expect(values).toHaveLength(shape.reduce((a, b) => a * b, 1))
      const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
      if (name.endsWith('.bias')) expect(size).toBe(0)
      else if (shape.length === 1) expect(size).toBe(1)
      else if (name.endsWith('.c_proj.weight'))
        expect(size).toBeCloseTo(0.01, 2) // 0.02 / √(2 · 2 layers)
      else expect(size).toBeCloseTo(0.02, 2)
    }
  })

  it('becomes a reward model that keeps the body and gives one number', () => {
    const reward = withScoreHead(model)
    const weights = scoreHeadTensors(model, model.initialize(1), { seed: 2 })
    expect(Object.keys(weights).sort()).toEqual(Object.keys(reward.parameterShapes).sort())
    expect(reward.parameterShapes[scoreWeight]).toEqual([1, 16])
    expect(withScoreHead(reward)).toBe(reward)
    expect(logits(reward, alone)[0]?.[0]).toHaveLength(1)
    expect(scoreHeadTensors(model, model.initialize(1), 'zero')[scoreWeight]).toEqual(new Float32Array(16))
  })
})

describe('loadModel', () => {
  const { configJson } = tiny('llama')

  it('reads rope from newer and older files alike', () => {
    const { rope_parameters: _, ...rest } = configJson
    const older = { ...rest, rope_theta: 500, rope_scaling: null }
    const newer = { ...rest, rope_parameters: { rope_type: 'default', rope_theta: 500 } }
    const rows = { ids: [[3, 1, 4]], positions: [[0, 1, 20]], segments: [[1, 1, 1]] }
    expect(logits(loadModel(older), rows)).toEqual(logits(loadModel(newer), rows))
    expect(logits(loadModel(older), rows)).not.toEqual(logits(loadModel(configJson), rows))
    const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 16 }
    const olderScaled = { ...rest, rope_theta: 500, rope_scaling: { rope_type: 'llama3', ...llama3 } }
    const newerScaled = { ...rest, rope_parameters: { rope_type: 'llama3', rope_theta: 500, ...llama3 } }
    expect(logits(loadModel(olderScaled), rows)).toEqual(logits(loadModel(newerScaled), rows))
    expect(logits(loadModel(olderScaled), rows)).not.toEqual(logits(loadModel(older), rows))
  })

  it.each([
    ['an unknown architecture', { model_type: 'mamba' }, 'unsupported', 'gpt2, llama'],
    ['biases in attention', { attention_bias: true }, 'invalid_checkpoint', 'attention_bias'],
    ['another activation', { hidden_act: 'gelu' }, 'invalid_checkpoint', 'hidden_act'],
    ['llama3 rope without its factor', { rope_parameters: { rope_type: 'llama3' } }, 'invalid_checkpoint', 'factor'],
    ['heads that do not fit their groups', { num_key_value_heads: 3 }, 'invalid_checkpoint', 'num_key_value_heads (3)'],
    ['a missing size', { hidden_size: undefined }, 'invalid_checkpoint', 'hidden_size'],
    [
      'a classifier of two labels',
      { architectures: ['LlamaForSequenceClassification'], id2label: { 0: 'a', 1: 'b' } },
      'unsupported',
      'must have 1 label (a reward), config.json has 2',
    ],
  ])('refuses %s', (_, change, code, message) => {
    const load = () => loadModel({ ...configJson, ...change })
    expect(load).toThrow(message)
    expect(load).toThrow(expect.objectContaining({ code }))
  })
})

describe('modelFromSpec', () => {
  it.each([
    [{ architecture: 'llama', nHead: 3 }, 'hiddenSize (16) must be a multiple of nHead (3)'],
    [{ architecture: 'llama', nKvHead: 3 }, 'nHead (4) must be a multiple of nKvHead (3)'],
    [{ architecture: 'llama', nHead: 16 }, 'must be a multiple of 2 × nHead'],
    [{ architecture: 'gpt2', nKvHead: 2 }, 'must be nHead (4) in a gpt2 model'],
  ])('refuses %o', (settings, message) => {
    const make = () => modelFromSpec(spec(settings), 20, {})
    expect(make).toThrow(message)
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_recipe' }))
  })
})
