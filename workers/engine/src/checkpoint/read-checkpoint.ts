import { join } from 'node:path'
import { type Lineage, lineageSchema, TemperError } from '@temper/db/contracts'
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
  const config = await readJson(dir, 'config.json')
  if (config.quantization_config != null) refuseQuantized(join(dir, 'config.json'))
  return loadModel(config)
}

function refuseQuantized(file: string): never {
  const rule = 'quantization_config is not supported: bring the weights in fp32, fp16 or bf16, or as a GGUF file'
  throw new TemperError('unsupported', `${file}: ${rule}`, { details: { file, rule } })
}

/** temper.json of a checkpoint, undefined where Temper did not write it. */
export async function readLineage(dir: string): Promise<Lineage | undefined> {
  if (!(await exists(join(dir, 'temper.json')))) return undefined
  const parsed = lineageSchema.safeParse(await readJson(dir, 'temper.json'))
  if (parsed.success) return parsed.data
  throw new TemperError('invalid_checkpoint', `${dir}/temper.json: ${parsed.error.message}`, { details: { dir } })
}
