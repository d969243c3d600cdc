import { z } from 'zod'
import { decoder } from './decoder.ts'
import { decoderConfig, decoderKeys, size, windowKeys, windowsByLayer } from './decoder-config.ts'
import type { Model } from './model.ts'
import { parseConfig } from './parse-config.ts'

const configSchema = z.looseObject({
  ...decoderKeys,
  ...windowKeys,
  head_dim: size.default(128),
  attention_bias: z.literal(false).default(false),
})

/**
 * Qwen3 (Yang et al., 2025): Llama with heads of an own size, whose queries and keys are normalised.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function qwen3(configJson: Record<string, unknown>): Model {
  const config = parseConfig(configSchema, configJson)
  const sizes = decoderConfig(config, configJson)
  const windows = windowsByLayer(config, sizes.nLayer)
  return decoder({ modelType: 'qwen3', configJson, ...sizes, windows, qkNorm: true })
}
