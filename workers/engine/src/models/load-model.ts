import { TemperError } from '@temper/db/contracts'
import { gpt2 } from './gpt2.ts'
import { llama } from './llama.ts'
import type { Model } from './model.ts'

const architectures: Record<string, (configJson: Record<string, unknown>) => Model> = { gpt2, llama }

/** `model_type` of every config.json that `loadModel` accepts. */
export const supportedModelTypes = Object.keys(architectures)

/**
 * The model that a config.json describes.
 * @throws TemperError unsupported for a model_type it does not know, invalid_checkpoint for wrong sizes
 */
export function loadModel(configJson: Record<string, unknown>): Model {
  const type = configJson.model_type
  const architecture = typeof type === 'string' && Object.hasOwn(architectures, type) ? architectures[type] : undefined
  if (architecture) return architecture(configJson)
  const message = `config.json: model_type must be one of ${supportedModelTypes.join(', ')}, it is ${JSON.stringify(type)}`
  throw new TemperError('unsupported', message, { details: { modelType: type, supported: supportedModelTypes } })
}
