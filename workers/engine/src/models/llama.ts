import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { z } from 'zod'
import { mergeHeads, splitHeads } from '../nn/attention.ts'
import {
  applyRope,
  embedding,
  linear,
  type Rotation,
  rmsNorm,
  ropeFrequencies,
  ropeRotation,
  silu,
} from '../nn/index.ts'
import { headOf, headShapes, scoreWeight } from './head.ts'
import { initializeWeights } from './initialize.ts'
import type { Attend, Model, ModelInput, Params } from './model.ts'
import { parseConfig, requireMultiple } from './parse-config.ts'
import { ropeScalingOf } from './rope-config.ts'

const size = z.number().int().positive()

const configSchema = z.looseObject({
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
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
})

/** Sizes in the field's words. */
type LlamaConfig = ReturnType<typeof readConfig>

function readConfig(configJson: Record<string, unknown>) {
  const config = parseConfig(configSchema, configJson)
  const nHead = config.num_attention_heads
  const nKvHead = config.num_key_value_heads ?? nHead
  requireMultiple('num_attention_heads', nHead, 'num_key_value_heads', nKvHead)
  if (!config.head_dim) requireMultiple('hidden_size', config.hidden_size, 'num_attention_heads', nHead)
  const headDim = config.head_dim ?? config.hidden_size / nHead
  requireMultiple('head_dim', headDim, 'pairs of rope', 2)
  return {
    vocabSize: config.vocab_size,
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    nLayer: config.num_hidden_layers,
    nHead,
    nKvHead,
    headDim,
    contextLength: config.max_position_embeddings,
    epsilon: config.rms_norm_eps,
    initializerRange: config.initializer_range,
    tied: config.tie_word_embeddings,
    head: headOf(configJson),
    ropeFrequencies: ropeFrequencies(headDim, ...ropeScalingOf(configJson)),
  }
}

/**
 * Llama (Touvron et al., 2023; Grattafiori et al., 2024): RMSNorm before each part, rope, SwiGLU, grouped-query
 * attention, no biases, tied or untied head.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function llama(configJson: Record<string, unknown>): Model {
  const config = readConfig(configJson)
  const parameterShapes = shapesOf(config)
  return {
    modelType: 'llama',
    configJson,
    nLayer: config.nLayer,
    nHead: config.nHead,
    nKvHead: config.nKvHead,
    headDim: config.headDim,
    hiddenSize: config.hiddenSize,
    vocabSize: config.vocabSize,
    contextLength: config.contextLength,
    head: config.head,
    basePrefix: 'model.',
    parameterShapes,
    hiddenStates: (params, input, attend) => hiddenStates(config, params, input, attend),
    headWeight: (params) =>
      (params[scoreWeight] ?? params['lm_head.weight'] ?? params['model.embed_tokens.weight']) as Tensor,
    initialize: (seed) =>
      initializeWeights(parameterShapes, seed, (name) =>
        name === scoreWeight ? 1 / Math.sqrt(config.hiddenSize + 1) : config.initializerRange,
      ),
  }
}

/** Weights are (out, in). */
function shapesOf(config: LlamaConfig): Record<string, number[]> {
  const { hiddenSize: D, intermediateSize: F, nHead, nKvHead, headDim } = config
  const shapes: Record<string, number[]> = { 'model.embed_tokens.weight': [config.vocabSize, D] }
  for (let layer = 0; layer < config.nLayer; layer++) {
    const block = `model.layers.${layer}`
    Object.assign(shapes, {
      [`${block}.input_layernorm.weight`]: [D],
      [`${block}.self_attn.q_proj.weight`]: [nHead * headDim, D],
      [`${block}.self_attn.k_proj.weight`]: [nKvHead * headDim, D],
      [`${block}.self_attn.v_proj.weight`]: [nKvHead * headDim, D],
      [`${block}.self_attn.o_proj.weight`]: [D, nHead * headDim],
      [`${block}.post_attention_layernorm.weight`]: [D],
      [`${block}.mlp.gate_proj.weight`]: [F, D],
      [`${block}.mlp.up_proj.weight`]: [F, D],
      [`${block}.mlp.down_proj.weight`]: [D, F],
    })
  }
  return { ...shapes, 'model.norm.weight': [D], ...headShapes(config.head, config) }
}

function hiddenStates(config: LlamaConfig, params: Params, { ids, positions }: ModelInput, attend: Attend): Tensor {
  const rotation = ropeRotation(positions, config.ropeFrequencies)
  let x = embedding(params['model.embed_tokens.weight'] as Tensor, ids) // (B, T, D)
  for (let layer = 0; layer < config.nLayer; layer++) {
    const weight = (name: string) => params[`model.layers.${layer}.${name}.weight`] as Tensor
    const attended = attentionPart(
      config,
      weight,
      rmsNorm(x, weight('input_layernorm'), config.epsilon),
      rotation,
      (q, k, v) => attend(layer, q, k, v),
    )
    x = x.add(attended)
    x = x.add(feedForward(weight, rmsNorm(x, weight('post_attention_layernorm'), config.epsilon)))
  }
  return rmsNorm(x, params['model.norm.weight'] as Tensor, config.epsilon)
}

type WeightOf = (name: string) => Tensor

/** (B, T, D) → (B, T, D). */
function attentionPart(
  { nHead, nKvHead }: LlamaConfig,
  weight: WeightOf,
  x: Tensor,
  rotation: Rotation,
  attend: (q: Tensor, k: Tensor, v: Tensor) => Tensor,
): Tensor {
  const q = splitHeads(linear(x, weight('self_attn.q_proj')), nHead) // (B, H, T, hd)
  const k = splitHeads(linear(x, weight('self_attn.k_proj')), nKvHead) // (B, KV, T, hd)
  const v = splitHeads(linear(x, weight('self_attn.v_proj')), nKvHead)
  const mixed = attend(applyRope(q, rotation), applyRope(k, rotation), v)
  return linear(mergeHeads(mixed), weight('self_attn.o_proj'))
}

/** SwiGLU (Shazeer, 2020): down(silu(gate x) · up x). */
function feedForward(weight: WeightOf, x: Tensor): Tensor {
  const gated = silu(linear(x, weight('mlp.gate_proj'))).mul(linear(x, weight('mlp.up_proj'))) // (B, T, F)
  return linear(gated, weight('mlp.down_proj'))
}
