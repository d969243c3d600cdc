import { z } from 'zod'
import { decoder } from './decoder.ts'
import { decoderConfig, decoderKeys, windowKeys, windowsByLayer } from './decoder-config.ts'
import type { Model } from './model.ts'
import { parseConfig } from './parse-config.ts'

const configSchema = z.looseObject({ ...decoderKeys, ...windowKeys })

/**
 * Qwen2 (Yang et al., 2024) and Qwen2.5: Llama with biases of queries, keys and values.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function qwen2(configJson: Record<string, unknown>): Model {
  const config = parseConfig(configSchema, configJson)
  const sizes = decoderConfig(config, configJson)
  const windows = windowsByLayer(config, sizes.nLayer)
  return decoder({ modelType: 'qwen2', configJson, ...sizes, windows, qkvBias: true })
}
