import { TemperError } from '@temper/db/contracts'
import { gpt2 } from './gpt2.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { mixtral } from './mixtral.ts'
import type { Model } from './model.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'
import { qwen3Moe } from './qwen3-moe.ts'

interface Family {
  load(configJson: Record<string, unknown>): Model
  /** What the names of its classes in transformers begin with. */
  classPrefix: string
}

const families: Record<string, Family> = {
  gpt2: { load: gpt2, classPrefix: 'GPT2' },
  llama: { load: llama, classPrefix: 'Llama' },
  mistral: { load: mistral, classPrefix: 'Mistral' },
  mixtral: { load: mixtral, classPrefix: 'Mixtral' },
  qwen2: { load: qwen2, classPrefix: 'Qwen2' },
  qwen3: { load: qwen3, classPrefix: 'Qwen3' },
  qwen3_moe: { load: qwen3Moe, classPrefix: 'Qwen3Moe' },
}

/** `model_type` of every config.json that `loadModel` accepts. */
export const supportedModelTypes = Object.keys(families)

/**
 * The model that a config.json describes.
 * @throws TemperError unsupported for a model_type it does not know, invalid_checkpoint for wrong sizes
 */
export function loadModel(configJson: Record<string, unknown>): Model {
  return familyOf(configJson.model_type).load(configJson)
}

/** @throws TemperError unsupported for a model_type it does not know */
export function familyOf(modelType: unknown): Family {
  const family = typeof modelType === 'string' && Object.hasOwn(families, modelType) ? families[modelType] : undefined
  if (family) return family
  const message = `config.json: model_type must be one of ${supportedModelTypes.join(', ')}, it is ${JSON.stringify(modelType)}`
  throw new TemperError('unsupported', message, { details: { modelType, supported: supportedModelTypes } })
}
