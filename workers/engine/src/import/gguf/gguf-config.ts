import { z } from 'zod'
import { ropeFrequencies } from '../../nn/rope.ts'
import type { GgufValue } from './gguf-cursor.ts'
import { ropeFactorsName } from './gguf-weights.ts'
import type { GgufFile } from './open-gguf.ts'
import { refuseGguf } from './refuse-gguf.ts'

const size = z.number().int().positive()
const positive = z.number().positive()

/** Keys after the architecture's name. */
const sizesSchema = z.looseObject({
  block_count: size,
  context_length: size,
  embedding_length: size,
  feed_forward_length: size,
  expert_count: z.literal(0).optional(),
  'attention.head_count': size,
  'attention.head_count_kv': size.optional(),
  'attention.key_length': size.optional(),
  'attention.layer_norm_rms_epsilon': positive,
  'rope.dimension_count': size.optional(),
  'rope.freq_base': positive.default(10_000),
  'rope.scaling.type': z.enum(['none', 'linear', 'yarn']).default('none'),
  'rope.scaling.factor': positive.optional(),
  'rope.scaling.original_context_length': size.optional(),
})
type Sizes = z.infer<typeof sizesSchema>

/** Architectures whose files are read; only llama's converter interleaves the rows of q and k. */
const architectures = {
  llama: { name: 'LlamaForCausalLM', interleaved: true },
  qwen2: { name: 'Qwen2ForCausalLM', interleaved: false },
  qwen3: { name: 'Qwen3ForCausalLM', interleaved: false },
} as const

export interface GgufConfig {
  /** What config.json would say. */
  configJson: Record<string, unknown>
  headDim: number
  interleaved: boolean
}

/**
 * The config.json that a GGUF file's metadata describe.
 * @throws TemperError unsupported for another architecture or rope scaling, invalid_checkpoint for missing sizes
 */
export async function ggufConfig(file: GgufFile): Promise<GgufConfig> {
  const modelType = architectureOf(file)
  const sizes = readSizes(file, modelType)
  const nHead = sizes['attention.head_count']
  const headDim = sizes['attention.key_length'] ?? sizes.embedding_length / nHead
  const rotated = sizes['rope.dimension_count'] ?? headDim
  if (rotated !== headDim)
    refuseGguf(file.path, `rope must turn all ${headDim} of a head, not ${rotated}`, 'unsupported')
  const embedding = file.tensors.get('token_embd.weight') ?? refuseGguf(file.path, 'has no tensor token_embd.weight')
  const { name, interleaved } = architectures[modelType]
  const configJson = {
    architectures: [name],
    model_type: modelType,
    vocab_size: embedding.shape[0],
    hidden_size: sizes.embedding_length,
    intermediate_size: sizes.feed_forward_length,
    num_hidden_layers: sizes.block_count,
    num_attention_heads: nHead,
    num_key_value_heads: sizes['attention.head_count_kv'] ?? nHead,
    head_dim: headDim,
    max_position_embeddings: sizes.context_length,
    rms_norm_eps: shortest(sizes['attention.layer_norm_rms_epsilon']),
    tie_word_embeddings: !file.tensors.has('output.weight'),
    rope_parameters: await ropeParameters(file, sizes, headDim),
  }
  return { configJson, headDim, interleaved }
}

function architectureOf(file: GgufFile): keyof typeof architectures {
  const shards = file.metadata.get('split.count') ?? 1
  if (shards !== 1) {
    refuseGguf(file.path, `is one of ${String(shards)} parts: join them with llama-gguf-split --merge`, 'unsupported')
  }
  const name = file.metadata.get('general.architecture')
  const known = Object.keys(architectures) as (keyof typeof architectures)[]
  const rule = `general.architecture must be one of ${known.join(', ')}, it is ${JSON.stringify(name)}`
  return known.find((one) => one === name) ?? refuseGguf(file.path, rule, 'unsupported')
}

function readSizes(file: GgufFile, modelType: string): Sizes {
  const prefix = `${modelType}.`
  const ofModel = [...file.metadata].filter(([key]) => key.startsWith(prefix))
  const entries = ofModel.map(([key, value]): [string, GgufValue] => [key.slice(prefix.length), value])
  const parsed = sizesSchema.safeParse(Object.fromEntries(entries))
  return parsed.success
    ? parsed.data
    : refuseGguf(file.path, `metadata of ${modelType}: ${z.prettifyError(parsed.error)}`)
}

async function ropeParameters(file: GgufFile, sizes: Sizes, headDim: number): Promise<Record<string, unknown>> {
  const theta = shortest(sizes['rope.freq_base'])
  const factors = file.tensors.get(ropeFactorsName)
  if (factors) return llama3Parameters(file.path, await file.float32(factors), headDim, theta)
  const type = sizes['rope.scaling.type']
  if (type === 'none') return { rope_type: 'default', rope_theta: theta }
  const factor = sizes['rope.scaling.factor'] ?? refuseGguf(file.path, `rope.scaling.type ${type} needs a factor`)
  const original = sizes['rope.scaling.original_context_length']
  return {
    rope_type: type,
    rope_theta: theta,
    factor: shortest(factor),
    ...(original !== undefined && { original_max_position_embeddings: original }),
  }
}

/** The file has only the resulting factor of each frequency: those of Llama 3.1 and later follow from the largest. */
function llama3Parameters(path: string, factors: Float32Array, headDim: number, theta: number) {
  const factor = factors.reduce((largest, value) => Math.max(largest, value), 0)
  const range = { lowFreqFactor: 1, highFreqFactor: 4, originalContextLength: 8192 }
  const plain = ropeFrequencies(headDim, theta, { type: 'default' })
  const scaled = ropeFrequencies(headDim, theta, { type: 'llama3', factor, ...range })
  const fits =
    factors.length === scaled.length &&
    scaled.every((value, i) => Math.abs((plain[i] ?? 0) / value / (factors[i] ?? 0) - 1) < 1e-4)
  if (!fits) refuseGguf(path, `${ropeFactorsName} must be the factors of llama3's rope scaling`, 'unsupported')
  return {
    rope_type: 'llama3',
    rope_theta: theta,
    factor,
    low_freq_factor: range.lowFreqFactor,
    high_freq_factor: range.highFreqFactor,
    original_max_position_embeddings: range.originalContextLength,
  }
}

/** The shortest decimal of a float32: 1e-5, where the number that JavaScript reads is 0.0000099999997. */
function shortest(value: number): number {
  const decimals = [6, 7, 8, 9].map((digits) => Number(value.toPrecision(digits)))
  return decimals.find((decimal) => Math.fround(decimal) === Math.fround(value)) ?? value
}
