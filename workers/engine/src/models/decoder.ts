import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  applyRope,
  embedding,
  linear,
  mergeHeads,
  type Rotation,
  rmsNorm,
  ropeRotation,
  splitHeads,
} from '../nn/index.ts'
import type { DecoderConfig } from './decoder-config.ts'
import { headShapes, scoreWeight } from './head.ts'
import { initializeWeights } from './initialize.ts'
import { type Layer, layerOf } from './layer.ts'
import type { Attend, Model, ModelInput, Params, Routing, StoredTensor } from './model.ts'
import { runLayer } from './run-layer.ts'
import { type FeedForward, swiglu } from './swiglu.ts'
import { wantedInLayer, wantedPlaces } from './wanted-places.ts'

/** What tells one Llama-like family from another. */
export interface DecoderOptions extends DecoderConfig {
  modelType: string
  configJson: Record<string, unknown>
  /** Biases of the q, k and v projections. */
  qkvBias?: boolean
  /** RMSNorm of each head's queries and keys before rope. */
  qkNorm?: boolean
  /** How many tokens a layer sees, itself included; all of them where undefined. */
  windows?: readonly (number | undefined)[]
  /** What stands in place of SwiGLU in a layer. */
  feedForward?: (layer: number) => FeedForward
  routerAuxLossCoef?: number
}

/**
 * The decoder that Llama and its kin share: RMSNorm before each part, rope, grouped-query attention, a gated
 * feed-forward part, tied or untied head. Weights are (out, in).
 */
export function decoder(options: DecoderOptions): Model {
  const { modelType, configJson, nLayer, nHead, nKvHead, headDim, hiddenSize, vocabSize, contextLength, head } = options
  const feedForward = options.feedForward ?? (() => swiglu(options))
  const blocks = Array.from({ length: nLayer }, (_, layer) => feedForward(layer))
  const parameterShapes = shapesOf(options, blocks)
  return {
    modelType,
    configJson,
    nLayer,
    nHead,
    nKvHead,
    headDim,
    hiddenSize,
    vocabSize,
    contextLength,
    head,
    basePrefix: 'model.',
    parameterShapes,
    projections: projectionsOf(blocks),
    fanInFanOut: false,
    storedAs: storedTensorsOf(blocks),
    activeShares: activeSharesOf(blocks),
    routerAuxLossCoef: options.routerAuxLossCoef,
    hiddenStates: (params, input, attend, routings) =>
      hiddenStates(options, blocks, { params, input, attend, routings }),
    headWeight: (params) =>
      (params[scoreWeight] ?? params['lm_head.weight'] ?? params['model.embed_tokens.weight']) as Tensor,
    initialize: (seed) =>
      initializeWeights(parameterShapes, seed, (name) =>
        name === scoreWeight ? 1 / Math.sqrt(hiddenSize + 1) : options.initializerRange,
      ),
  }
}

function shapesOf(options: DecoderOptions, blocks: readonly FeedForward[]): Record<string, number[]> {
  const shapes: Record<string, number[]> = { 'model.embed_tokens.weight': [options.vocabSize, options.hiddenSize] }
  for (const [layer, block] of blocks.entries()) {
    for (const [name, shape] of Object.entries({ ...attentionShapes(options), ...block.shapes })) {
      shapes[`model.layers.${layer}.${name}`] = shape
    }
  }
  return { ...shapes, 'model.norm.weight': [options.hiddenSize], ...headShapes(options.head, options) }
}

function projectionsOf(blocks: readonly FeedForward[]): string[] {
  const attention = ['q', 'k', 'v', 'o'].map((name) => `self_attn.${name}_proj`)
  return blocks.flatMap((block, layer) =>
    [...attention, ...block.projections].map((module) => `model.layers.${layer}.${module}`),
  )
}

/** Names within a layer become names within the model. */
function storedTensorsOf(blocks: readonly FeedForward[]): Record<string, StoredTensor[]> {
  const entries = blocks.flatMap(({ storedAs = {} }, layer) => {
    const prefix = `model.layers.${layer}.`
    return Object.entries(storedAs).map(([name, tensors]) => [
      prefix + name,
      tensors.map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
    ])
  })
  return Object.fromEntries(entries)
}

function activeSharesOf(blocks: readonly FeedForward[]): Record<string, number> {
  const entries = blocks.flatMap(({ activeShares = {} }, layer) =>
    Object.entries(activeShares).map(([name, share]) => [`model.layers.${layer}.${name}`, share]),
  )
  return Object.fromEntries(entries)
}

function attentionShapes(options: DecoderOptions): Record<string, number[]> {
  const { hiddenSize: D, nHead, nKvHead, headDim } = options
  const widths = { q: nHead * headDim, k: nKvHead * headDim, v: nKvHead * headDim }
  const shapes: Record<string, number[]> = { 'input_layernorm.weight': [D] }
  for (const [name, width] of Object.entries(widths)) {
    shapes[`self_attn.${name}_proj.weight`] = [width, D]
    if (options.qkvBias) shapes[`self_attn.${name}_proj.bias`] = [width]
  }
  shapes['self_attn.o_proj.weight'] = [D, nHead * headDim]
  if (options.qkNorm) for (const name of ['q', 'k']) shapes[`self_attn.${name}_norm.weight`] = [headDim]
  return { ...shapes, 'post_attention_layernorm.weight': [D] }
}

interface Call {
  params: Params
  input: ModelInput
  attend: Attend
  routings: Routing[] | undefined
}

function hiddenStates(
  options: DecoderOptions,
  blocks: readonly FeedForward[],
  { params, input, attend, routings }: Call,
): Tensor {
  const { epsilon } = options
  const { ids, positions } = input
  const rotation = ropeRotation(positions, options.ropeFrequencies, options.ropeMagnitude)
  let x = embedding(params['model.embed_tokens.weight'] as Tensor, ids) // (B, T, D)
  for (const [layer, block] of blocks.entries()) {
    const prefix = `model.layers.${layer}.`
    const routed: Routing[] = []
    // The balancing loss is over the router's choices for all tokens.
    const wanted = wantedInLayer(routings ? { ids, positions } : input, layer, options)
    const [next, ...probabilities] = runLayer(params, prefix, x, (ofLayer, before) => {
      const own = layerOf(ofLayer, prefix, linear)
      const normed = (name: string, of: Tensor) => rmsNorm(of, own.param(`${name}.weight`), epsilon)
      const mixed = mixedHeads(options, own, normed('input_layernorm', before), rotation, (q, k, v) =>
        attend(layer, q, k, v, options.windows?.[layer]),
      )
      const middle = wanted(before).add(own.project('self_attn.o_proj', wanted(mixed)))
      const found: Routing[] = []
      const fed = block.run(own, normed('post_attention_layernorm', middle), found)
      if (routed.length === 0) routed.push(...found)
      return [middle.add(fed), ...(routings ? found.map((routing) => routing.probabilities) : [])]
    })
    x = next as Tensor
    // As outputs of the layer the probabilities carry the gradient of the balancing loss into it.
    for (const [i, tensor] of probabilities.entries()) {
      routings?.push({ ...(routed[i] as Routing), probabilities: tensor })
    }
  }
  return rmsNorm(wantedPlaces(input)(x), params['model.norm.weight'] as Tensor, epsilon)
}

/** (B, T, D) → (B, T, H · hd). */
function mixedHeads(
  { nHead, nKvHead, qkNorm, epsilon }: DecoderOptions,
  { param, project }: Layer,
  x: Tensor,
  rotation: Rotation,
  attend: (q: Tensor, k: Tensor, v: Tensor) => Tensor,
): Tensor {
  const heads = (name: 'q' | 'k' | 'v', count: number) => splitHeads(project(`self_attn.${name}_proj`, x), count)
  const rotated = (name: 'q' | 'k', projected: Tensor) =>
    applyRope(qkNorm ? rmsNorm(projected, param(`self_attn.${name}_norm.weight`), epsilon) : projected, rotation)
  const [q, k, v] = [heads('q', nHead), heads('k', nKvHead), heads('v', nKvHead)] // (B, H | KV, T, hd)
  return mergeHeads(attend(rotated('q', q), rotated('k', k), v))
}
