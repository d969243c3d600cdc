import { type ModelType, modelTypes, TemperError } from '@temper/db/contracts'
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

const families: Record<ModelType, Family> = {
  gpt2: { load: gpt2, classPrefix: 'GPT2' },
  llama: { load: llama, classPrefix: 'Llama' },
  mistral: { load: mistral, classPrefix: 'Mistral' },
  mixtral: { load: mixtral, classPrefix: 'Mixtral' },
  qwen2: { load: qwen2, classPrefix: 'Qwen2' },
  qwen3: { load: qwen3, classPrefix: 'Qwen3' },
  qwen3_moe: { load: qwen3Moe, classPrefix: 'Qwen3Moe' },
}

/**
 * The model that a config.json describes.
 * @throws TemperError unsupported for a model_type it does not know, invalid_checkpoint for wrong sizes
 */
export function loadModel(configJson: Record<string, unknown>): Model {
  return familyOf(configJson.model_type).load(configJson)
}

/** @throws TemperError unsupported for a model_type it does not know */
export function familyOf(modelType: unknown): Family {
  const known = modelTypes.find((type) => type === modelType)
  if (known) return families[known]
  const message = `config.json: model_type must be one of ${modelTypes.join(', ')}, it is ${JSON.stringify(modelType)}`
  throw new TemperError('unsupported', message, { details: { modelType, supported: modelTypes } })
}
