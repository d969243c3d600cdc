import { join } from 'node:path'
import { type ErrorCode, type Lineage, lineageSchema, quantizedRule, TemperError } from '@temper/db/contracts'
import { loadModel, type Model } from '../models/index.ts'
import { exists, readJson } from './folder-files.ts'
import { readTensors } from './read-tensors.ts'

export interface ReadCheckpoint {
  /** config.json as it is. */
  config: Record<string, unknown>
  /** generation_config.json, empty where there is none. */
  generationConfig: Record<string, unknown>
  model: Model
  /** float32 weights by Hugging Face name. */
  tensors: Record<string, Float32Array>
  /** temper.json, where Temper wrote the folder. */
  lineage: Lineage | undefined
}

/**
 * Reads a folder in the Hugging Face layout, from anywhere or written by `writeCheckpoint`.
 * @throws TemperError not_found, unsupported (architecture), invalid_checkpoint (with file, tensor, rule, both values)
 */
export async function readCheckpoint(dir: string): Promise<ReadCheckpoint> {
  const model = await readModel(dir)
  const generationConfig = (await exists(join(dir, 'generation_config.json')))
    ? await readJson(dir, 'generation_config.json')
    : {}
  const tensors = await readTensors(dir, model)
  return { config: model.configJson, generationConfig, model, tensors, lineage: await readLineage(dir) }
}

/** Only what config.json says: enough to plan and to refuse, without reading a weight. */
export async function readModel(dir: string): Promise<Model> {
  if (!(await exists(join(dir, 'config.json')))) {
    throw new TemperError('not_found', `${dir} is not a checkpoint: it has no config.json`, { details: { dir } })
  }
  return modelFromConfig(join(dir, 'config.json'), await readJson(dir, 'config.json'))
}

/** Far beyond any model: a config that says more would only use up memory. */
const maxLayers = 10_000

/**
 * The model of a config.json that anyone may have written.
 * @param file - where it comes from, for the message
 * @throws TemperError unsupported, invalid_checkpoint
 */
export function modelFromConfig(file: string, config: Record<string, unknown>): Model {
  const layers = config.num_hidden_layers ?? config.n_layer
  if (typeof layers === 'number' && layers > maxLayers) {
    refuseConfig('invalid_checkpoint', file, `a model may have ${maxLayers} layers, the config says ${layers}`)
  }
  if (config.quantization_config != null) {
    refuseConfig('unsupported', file, quantizedRule)
  }
  return loadModel(config)
}

function refuseConfig(code: ErrorCode, file: string, rule: string): never {
  throw new TemperError(code, `${file}: ${rule}`, { details: { file, rule } })
}

/** temper.json of a checkpoint, undefined where Temper did not write it. */
export async function readLineage(dir: string): Promise<Lineage | undefined> {
  if (!(await exists(join(dir, 'temper.json')))) return undefined
  const parsed = lineageSchema.safeParse(await readJson(dir, 'temper.json'))
  if (parsed.success) return parsed.data
  throw new TemperError('invalid_checkpoint', `${dir}/temper.json: ${parsed.error.message}`, { details: { dir } })
}
