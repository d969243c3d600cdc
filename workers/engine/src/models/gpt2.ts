import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { z } from 'zod'
import { conv1d, embedding, geluNew, layerNorm, mergeHeads, splitHeads } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { headOf, headShapes, scoreWeight } from './head.ts'
import { initializeWeights } from './initialize.ts'
import { type Layer, layerOf } from './layer.ts'
import type { Attend, Model, ModelInput, Params } from './model.ts'
import { parseConfig, requireMultiple } from './parse-config.ts'
import { runLayer } from './run-layer.ts'
import { wantedInLayer, wantedPlaces } from './wanted-places.ts'

const size = z.number().int().positive()

const configSchema = z.looseObject({
  vocab_size: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_positions: size,
  n_inner: size.nullish(),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(true),
  activation_function: z.enum(['gelu_new', 'gelu_pytorch_tanh']).default('gelu_new'),
  add_cross_attention: z.literal(false).default(false),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
})

/** Sizes in the field's words. */
type Gpt2Config = ReturnType<typeof readConfig>

function readConfig(configJson: Record<string, unknown>) {
  const config = parseConfig(configSchema, configJson)
  requireMultiple('n_embd', config.n_embd, 'n_head', config.n_head)
  return {
    vocabSize: config.vocab_size,
    hiddenSize: config.n_embd,
    intermediateSize: config.n_inner ?? 4 * config.n_embd,
    nLayer: config.n_layer,
    nHead: config.n_head,
    contextLength: config.n_positions,
    epsilon: config.layer_norm_epsilon,
    initializerRange: config.initializer_range,
    tied: config.tie_word_embeddings,
    head: headOf(configJson),
  }
}

/**
 * GPT-2 (Radford et al., 2019): learned positions, LayerNorm before each part, GELU, biases, tied head.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function gpt2(configJson: Record<string, unknown>): Model {
  const config = readConfig(configJson)
  const parameterShapes = shapesOf(config)
  return {
    modelType: 'gpt2',
    configJson,
    nLayer: config.nLayer,
    nHead: config.nHead,
    nKvHead: config.nHead,
    headDim: config.hiddenSize / config.nHead,
    hiddenSize: config.hiddenSize,
    vocabSize: config.vocabSize,
    contextLength: config.contextLength,
    head: config.head,
    basePrefix: 'transformer.',
    parameterShapes,
    projections: projectionsOf(config),
    fanInFanOut: true,
    hiddenStates: (params, input, attend) => hiddenStates(config, params, input, attend),
    headWeight: (params) =>
      (params[scoreWeight] ?? params['lm_head.weight'] ?? params['transformer.wte.weight']) as Tensor,
    initialize: (seed) => initializeWeights(parameterShapes, seed, (name) => stdOf(config, name)),
  }
}

/** Weights of the blocks are (in, out), as in GPT-2's Conv1D. */
function shapesOf(config: Gpt2Config): Record<string, number[]> {
  const { hiddenSize: D, intermediateSize: F } = config
  const shapes: Record<string, number[]> = {
    'transformer.wte.weight': [config.vocabSize, D],
    'transformer.wpe.weight': [config.contextLength, D],
  }
  for (let layer = 0; layer < config.nLayer; layer++) {
    const block = `transformer.h.${layer}`
    Object.assign(shapes, {
      [`${block}.ln_1.weight`]: [D],
      [`${block}.ln_1.bias`]: [D],
      [`${block}.attn.c_attn.weight`]: [D, 3 * D],
      [`${block}.attn.c_attn.bias`]: [3 * D],
      [`${block}.attn.c_proj.weight`]: [D, D],
      [`${block}.attn.c_proj.bias`]: [D],
      [`${block}.ln_2.weight`]: [D],
      [`${block}.ln_2.bias`]: [D],
      [`${block}.mlp.c_fc.weight`]: [D, F],
      [`${block}.mlp.c_fc.bias`]: [F],
      [`${block}.mlp.c_proj.weight`]: [F, D],
      [`${block}.mlp.c_proj.bias`]: [D],
    })
  }
  const final = { 'transformer.ln_f.weight': [D], 'transformer.ln_f.bias': [D] }
  return { ...shapes, ...final, ...headShapes(config.head, config) }
}

function projectionsOf({ nLayer }: Gpt2Config): string[] {
  const modules = ['attn.c_attn', 'attn.c_proj', 'mlp.c_fc', 'mlp.c_proj']
  return Array.from({ length: nLayer }, (_, layer) =>
    modules.map((module) => `transformer.h.${layer}.${module}`),
  ).flat()
}

/** Projections into the residual stream start smaller, so that its variance does not grow with depth. */
function stdOf(config: Gpt2Config, name: string): number {
  if (name === scoreWeight) return 1 / Math.sqrt(config.hiddenSize + 1)
  return name.endsWith('.c_proj.weight')
    ? config.initializerRange / Math.sqrt(2 * config.nLayer)
    : config.initializerRange
}

function hiddenStates(config: Gpt2Config, params: Params, input: ModelInput, attend: Attend): Tensor {
  const { ids, positions } = input
  const tokens = embedding(params['transformer.wte.weight'] as Tensor, ids) // (B, T, D)
  let x = tokens.add(embedding(params['transformer.wpe.weight'] as Tensor, positions))
  for (let layer = 0; layer < config.nLayer; layer++) {
    const prefix = `transformer.h.${layer}.`
    const wanted = wantedInLayer(input, layer, config)
    const block = (ofLayer: Params, before: Tensor) => {
      const own = layerOf(ofLayer, prefix, conv1d)
      const norm = (name: string, of: Tensor) =>
        layerNorm(of, own.param(`${name}.weight`), own.param(`${name}.bias`), config.epsilon)
      const mixed = mixedHeads(config, own, norm('ln_1', before), (q, k, v) => attend(layer, q, k, v))
      const middle = wanted(before).add(own.project('attn.c_proj', wanted(mixed)))
      return [middle.add(feedForward(own, norm('ln_2', middle)))]
    }
    x = runLayer(params, prefix, x, block)[0] as Tensor
  }
  const { 'transformer.ln_f.weight': weight, 'transformer.ln_f.bias': bias } = params
  return layerNorm(wantedPlaces(input)(x), weight as Tensor, bias as Tensor, config.epsilon)
}

/** (B, T, D) → (B, T, D). */
function mixedHeads(
  { nHead }: Gpt2Config,
  { project }: Layer,
  x: Tensor,
  attend: (q: Tensor, k: Tensor, v: Tensor) => Tensor,
): Tensor {
  const qkv = project('attn.c_attn', x) // (B, T, 3D)
  const [q, k, v] = tf.split(qkv, 3, -1).map((part) => splitHeads(part, nHead)) as [Tensor, Tensor, Tensor]
  return mergeHeads(attend(q, k, v))
}

function feedForward({ project }: Layer, x: Tensor): Tensor {
  return project('mlp.c_proj', geluNew(project('mlp.c_fc', x)))
}
