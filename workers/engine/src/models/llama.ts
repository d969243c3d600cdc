import { z } from 'zod'
import { decoder } from './decoder.ts'
import { decoderConfig, decoderKeys } from './decoder-config.ts'
import type { Model } from './model.ts'
import { parseConfig } from './parse-config.ts'

const configSchema = z.looseObject({
  ...decoderKeys,
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
})

/**
 * Llama (Touvron et al., 2023; Grattafiori et al., 2024).
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function llama(configJson: Record<string, unknown>): Model {
  const config = parseConfig(configSchema, configJson)
  return decoder({ modelType: 'llama', configJson, ...decoderConfig(config, configJson) })
}
