import { z } from 'zod'
import { decoder } from './decoder.ts'
import { decoderConfig, decoderKeys, expertCount, size } from './decoder-config.ts'
import { mixtureOfExperts } from './mixture-of-experts.ts'
import type { Model } from './model.ts'
import { parseConfig, requireAtMost } from './parse-config.ts'
import { routerAuxLossCoefOf, routerKeys } from './router-config.ts'

const configSchema = z.looseObject({
  ...decoderKeys,
  ...routerKeys,
  rms_norm_eps: z.number().positive().default(1e-5),
  sliding_window: size.nullish(),
  num_local_experts: expertCount.default(8),
  num_experts_per_tok: size.default(2),
  router_jitter_noise: z.literal(0).default(0),
})

/**
 * Mixtral (Jiang et al., 2024): Mistral whose feed-forward parts are mixtures of experts.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function mixtral(configJson: Record<string, unknown>): Model {
  const config = parseConfig(configSchema, configJson)
  const { num_local_experts: nExpert, num_experts_per_tok: topK } = config
  requireAtMost('num_experts_per_tok', topK, 'num_local_experts', nExpert)
  const sizes = decoderConfig(config, configJson, 1_000_000)
  const stored = { part: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2' }
  return decoder({
    modelType: 'mixtral',
    configJson,
    ...sizes,
    windows: Array(sizes.nLayer).fill(config.sliding_window ?? undefined),
    feedForward: () => mixtureOfExperts({ ...sizes, nExpert, topK, normalize: true, stored }),
    routerAuxLossCoef: routerAuxLossCoefOf(config),
  })
}
