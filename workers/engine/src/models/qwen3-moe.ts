import { z } from 'zod'
import { decoder } from './decoder.ts'
import { decoderConfig, decoderKeys, expertCount, size } from './decoder-config.ts'
import { mixtureOfExperts } from './mixture-of-experts.ts'
import type { Model } from './model.ts'
import { parseConfig, requireAtMost } from './parse-config.ts'
import { routerAuxLossCoefOf, routerKeys } from './router-config.ts'
import { swiglu } from './swiglu.ts'

/** transformers 5 writes `num_local_experts`; before, it wrote `num_experts`. */
const configSchema = z.looseObject({
  ...decoderKeys,
  ...routerKeys,
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().default(false),
  attention_bias: z.literal(false).default(false),
  num_local_experts: expertCount.nullish(),
  num_experts: expertCount.default(128),
  num_experts_per_tok: size.default(8),
  moe_intermediate_size: size.default(768),
  norm_topk_prob: z.boolean().default(false),
  decoder_sparse_step: size.default(1),
  mlp_only_layers: z.array(z.number().int().nonnegative()).nullish(),
})

/**
 * Qwen3-MoE (Yang et al., 2025): Qwen3 whose feed-forward parts are mixtures of many small experts, but for the layers
 * of `mlp_only_layers` and those that `decoder_sparse_step` passes over.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function qwen3Moe(configJson: Record<string, unknown>): Model {
  const config = parseConfig(configSchema, configJson)
  const { num_experts_per_tok: topK, moe_intermediate_size: intermediateSize, norm_topk_prob: normalize } = config
  const nExpert = config.num_local_experts ?? config.num_experts
  requireAtMost('num_experts_per_tok', topK, 'num_experts', nExpert)
  const sizes = decoderConfig(config, configJson)
  const stored = { part: 'mlp', gate: 'gate_proj', up: 'up_proj', down: 'down_proj' }
  const isSparse = (layer: number) =>
    (layer + 1) % config.decoder_sparse_step === 0 && !config.mlp_only_layers?.includes(layer)
  return decoder({
    modelType: 'qwen3_moe',
    configJson,
    ...sizes,
    windows: Array(sizes.nLayer).fill(config.use_sliding_window ? (config.sliding_window ?? undefined) : undefined),
    qkNorm: true,
    feedForward: (layer) =>
      isSparse(layer)
        ? mixtureOfExperts({ ...sizes, intermediateSize, nExpert, topK, normalize, stored })
        : swiglu(sizes),
    routerAuxLossCoef: routerAuxLossCoefOf(config),
  })
}
