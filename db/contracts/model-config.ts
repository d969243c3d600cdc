import { z } from 'zod'
import { TemperError } from './temper-error.ts'

/** `model_type` of every config.json whose model the engine computes; each is a file of its `models/`. */
export const modelTypes = ['gpt2', 'llama', 'mistral', 'mixtral', 'qwen2', 'qwen3', 'qwen3_moe'] as const
export type ModelType = (typeof modelTypes)[number]

const configSchema = z.looseObject({ model_type: z.unknown().optional(), quantization_config: z.unknown().optional() })

/**
 * Refuses what no weights would make usable, so that it is known before they are brought.
 * @param place - folder or repository, as messages name it
 * @param text - of its config.json
 * @throws TemperError invalid_checkpoint, unsupported
 */
export function checkModelConfig(place: string, text: string): void {
  const file = `${place}: config.json`
  const config = configSchema.safeParse(parseJson(text))
  if (!config.success) refuse('invalid_checkpoint', `${file} is not a JSON object`, { file })
  const { model_type: type, quantization_config: quantization } = config.data
  if (quantization != null) refuse('unsupported', `${file}: ${quantizedRule}`, { file, rule: quantizedRule })
  if (modelTypes.some((known) => known === type)) return
  const rule = `model_type must be one of ${modelTypes.join(', ')}, it is ${JSON.stringify(type)}`
  refuse('unsupported', `${file}: ${rule}`, { file, modelType: type, supported: modelTypes })
}

export const quantizedRule =
  'quantization_config is not supported: bring the weights in fp32, fp16 or bf16, or as a GGUF file'

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function refuse(code: 'invalid_checkpoint' | 'unsupported', message: string, details: Record<string, unknown>): never {
  throw new TemperError(code, message, { details })
}
