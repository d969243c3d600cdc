import { z } from 'zod'
import { decoder } from './decoder.ts'
import { decoderConfig, decoderKeys, size } from './decoder-config.ts'
import type { Model } from './model.ts'
import { parseConfig } from './parse-config.ts'

/** A file without the key means Mistral's first window; newer ones say null. */
const configSchema = z.looseObject({ ...decoderKeys, sliding_window: size.nullable().default(4096) })

/**
 * Mistral (Jiang et al., 2023): Llama whose layers see a window of tokens.
 * @throws TemperError invalid_checkpoint for a config.json that is not one
 */
export function mistral(configJson: Record<string, unknown>): Model {
  const config = parseConfig(configSchema, configJson)
  const sizes = decoderConfig(config, configJson)
  const windows = Array(sizes.nLayer).fill(config.sliding_window ?? undefined)
  return decoder({ modelType: 'mistral', configJson, ...sizes, windows })
}
