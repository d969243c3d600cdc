import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { ropeFrequencies } from '../nn/index.ts'
import { headOf } from './head.ts'
import { requireMultiple } from './parse-config.ts'
import { contextLengthOf, ropeScalingOf } from './rope-config.ts'

export const size = z.number().int().positive()
/** Of a layer; the names of their matrices are lists of as many. */
export const expertCount = size.max(4096)

/** Keys of config.json that all Llama-like families share, with transformers' defaults. */
export const decoderKeys = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.literal('silu').default('silu'),
}
const decoderSchema = z.looseObject(decoderKeys)

/** Keys of the Qwen families: a window acts only where `use_sliding_window` says so. */
export const windowKeys = {
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.number().int().nonnegative().nullish(),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
}
const windowSchema = z.looseObject(windowKeys)

/** Sizes in the field's words. */
export type DecoderConfig = ReturnType<typeof decoderConfig>

/** @throws TemperError invalid_checkpoint for sizes that do not fit each other, unsupported for an unknown rope type */
export function decoderConfig(
  config: z.output<typeof decoderSchema>,
  configJson: Record<string, unknown>,
  defaultTheta?: number,
) {
  const nHead = config.num_attention_heads
  const nKvHead = config.num_key_value_heads ?? nHead
  requireMultiple('num_attention_heads', nHead, 'num_key_value_heads', nKvHead)
  if (!config.head_dim) requireMultiple('hidden_size', config.hidden_size, 'num_attention_heads', nHead)
  const headDim = config.head_dim ?? config.hidden_size / nHead
  requireMultiple('head_dim', headDim, 'pairs of rope', 2)
  const [theta, scaling] = ropeScalingOf(configJson, defaultTheta)
  return {
    vocabSize: config.vocab_size,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    nLayer: config.num_hidden_layers,
    nHead,
    nKvHead,
    headDim,
    contextLength: contextLengthOf(scaling, config.max_position_embeddings),
    epsilon: config.rms_norm_eps,
    initializerRange: config.initializer_range,
    tied: config.tie_word_embeddings,
    head: headOf(configJson),
    ropeFrequencies: ropeFrequencies(headDim, theta, scaling),
    ropeMagnitude: scaling.type === 'yarn' ? scaling.attentionFactor : 1,
  }
}

/** The window of each layer: that of `layer_types`, else of the layers from `max_window_layers` (28) on. */
export function windowsByLayer(config: z.output<typeof windowSchema>, nLayer: number): (number | undefined)[] {
  const window = config.use_sliding_window ? (config.sliding_window ?? undefined) : undefined
  const types = config.layer_types
  if (types && types.length !== nLayer) {
    const message = `config.json: layer_types names ${types.length} layers, num_hidden_layers is ${nLayer}`
    throw new TemperError('invalid_checkpoint', message, { details: { layerTypes: types.length, nLayer } })
  }
  return Array.from({ length: nLayer }, (_, layer) => {
    const slides = types ? types[layer] === 'sliding_attention' : layer >= (config.max_window_layers ?? 28)
    if (types && slides && window === undefined) {
      const message = `config.json: layer_types has sliding_attention at layer ${layer}, but no sliding_window is in use`
      throw new TemperError('invalid_checkpoint', message, { details: { layer } })
    }
    return slides ? window : undefined
  })
}
