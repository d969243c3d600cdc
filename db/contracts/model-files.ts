import { z } from 'zod'
import { checkModelConfig, parseJson } from './model-config.ts'
import { TemperError } from './temper-error.ts'

/** Plain names of what a model's folder has: no folders, nothing hidden, nothing that runs code when it is read. */
export const modelFileName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*\.(json|safetensors|gguf|jinja|model|txt)$/, {
    error: ({ input }) =>
      typeof input === 'string' && isPickle(input)
        ? pickleProblem(input, '.').message
        : 'expected the plain name of a .safetensors, .gguf, .json, .jinja, .model or .txt file',
  })

export const weightsName = 'model.safetensors'
export const weightsIndexName = 'model.safetensors.index.json'
const shardName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*\.safetensors$/)
/** Which shard holds which tensor. */
export const weightsIndexSchema = z.looseObject({ weight_map: z.record(z.string(), shardName) })

/** Everything beside the weights that is read. */
const companions = [
  'config.json',
  'generation_config.json',
  'temper.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
]

/**
 * Of the files in a folder or repository, those that a model is read from: its config, tokenizer and weights, or its
 * one GGUF file.
 * @param place - folder or repository, as Python opens it and as messages name it
 * @param readText - reads one of the files: the config, or the index of sharded weights
 * @throws TemperError unsupported for weights as pickle only and for models that the engine does not compute,
 *   invalid_checkpoint where files are missing
 */
export async function selectModelFiles(
  place: string,
  names: readonly string[],
  readText: (name: string) => Promise<string>,
): Promise<string[]> {
  if (!names.includes('config.json')) return [onlyGguf(place, names)]
  const index = names.includes(weightsIndexName) && !names.includes(weightsName)
  const weights = index ? shardsOf(place, await readText(weightsIndexName)) : [weightsName]
  const missing = weights.find((name) => !names.includes(name))
  if (missing !== undefined) refuseWeights(place, names, missing)
  requireTokenizer(place, names)
  checkModelConfig(place, await readText('config.json'))
  return [...companions.filter((name) => names.includes(name)), ...(index ? [weightsIndexName] : []), ...weights]
}

function requireTokenizer(place: string, names: readonly string[]): void {
  const missing = ['tokenizer.json', 'tokenizer_config.json'].find((name) => !names.includes(name))
  if (missing === undefined) return
  const write = `from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('${place}').save_pretrained('converted')`
  refuse(`${place} has no ${missing}. transformers writes it: python -c "${write}"`, { place, missing })
}

function shardsOf(place: string, text: string): string[] {
  const index = weightsIndexSchema.safeParse(parseJson(text))
  if (index.success) return [...new Set(Object.values(index.data.weight_map))].sort()
  const rule = z.prettifyError(index.error)
  return refuse(`${place}: ${weightsIndexName} is not as expected: ${rule}`, { file: weightsIndexName, rule })
}

function refuseWeights(place: string, names: readonly string[], missing: string): never {
  const pickle = names.find(isPickle)
  if (pickle !== undefined) refusePickle(pickle, place)
  return refuse(`${place} has no ${missing}`, { place, missing })
}

function onlyGguf(place: string, names: readonly string[]): string {
  const found = names.filter((name) => name.endsWith('.gguf') && modelFileName.safeParse(name).success)
  if (found[0] !== undefined && found.length === 1) return found[0]
  const pickle = names.find(isPickle)
  if (found.length === 0 && pickle !== undefined) refusePickle(pickle, place)
  const which =
    found.length > 1 ? `has ${found.length} GGUF files; name one: ${found.join(', ')}` : 'has no config.json'
  return refuse(`${place} ${which}`, { place, found })
}

function refuse(message: string, details: Record<string, unknown>): never {
  throw new TemperError('invalid_checkpoint', message, { details })
}

/** Weights that run code when they are read. */
export function isPickle(name: string): boolean {
  return /\.(bin|pt|pth|ckpt|pkl)$/i.test(name)
}

/** What is wrong with weights stored as pickle, and how they are converted. */
function pickleProblem(file: string, place: string) {
  const convert = [
    'from transformers import AutoModelForCausalLM, AutoTokenizer',
    `AutoModelForCausalLM.from_pretrained('${place}').save_pretrained('converted')`,
    `AutoTokenizer.from_pretrained('${place}').save_pretrained('converted')`,
  ].join('; ')
  const rule = 'is a pickle file, which can run code when it is read; only safetensors and GGUF are read'
  return { message: `${file} ${rule}. Convert it: python -c "${convert}"`, details: { file, rule, convert } }
}

/**
 * Says how weights stored as pickle are converted.
 * @param place - folder or repository, as Python opens it
 * @throws TemperError unsupported, always
 */
export function refusePickle(file: string, place: string): never {
  const { message, details } = pickleProblem(file, place)
  throw new TemperError('unsupported', message, { details })
}
