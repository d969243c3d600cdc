import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  weightsIndexName as indexName,
  isPickle,
  refusePickle,
  weightsName as singleName,
  TemperError,
  weightsIndexSchema,
} from '@temper/db/contracts'
import { z } from 'zod'
import { exists, readJson } from './folder-files.ts'
import { openSafetensors, type SafetensorsFile } from './safetensors-file.ts'

/**
 * The weight files of a folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
 * The caller closes them.
 * @throws TemperError invalid_checkpoint with file, tensor and rule; unsupported for weights as pickle
 */
export async function openWeightFiles(dir: string): Promise<SafetensorsFile[]> {
  const index = (await exists(join(dir, singleName))) ? {} : await readIndex(dir)
  const names = Object.keys(index).length === 0 ? [singleName] : [...new Set(Object.values(index))].sort()
  const files = new Map<string, SafetensorsFile>()
  try {
    for (const name of names) files.set(name, await openSafetensors(join(dir, name)))
    for (const [tensor, name] of Object.entries(index)) {
      if (!files.get(name)?.tensors.has(tensor)) refuseIndex(dir, `lists tensor "${tensor}" in ${name}, which lacks it`)
    }
    return [...files.values()]
  } catch (error) {
    await Promise.all([...files.values()].map((file) => file.close()))
    throw error
  }
}

/** Shard by tensor. */
async function readIndex(dir: string): Promise<Record<string, string>> {
  if (!(await exists(join(dir, indexName)))) return refuseFolder(dir)
  const index = weightsIndexSchema.safeParse(await readJson(dir, indexName))
  if (!index.success) refuseIndex(dir, z.prettifyError(index.error))
  if (Object.keys(index.data.weight_map).length === 0) refuseIndex(dir, 'lists no tensor')
  return index.data.weight_map
}

function refuseIndex(dir: string, rule: string): never {
  const file = join(dir, indexName)
  throw new TemperError('invalid_checkpoint', `${file}: ${rule}`, { details: { file, rule } })
}

async function refuseFolder(dir: string): Promise<never> {
  const pickle = (await readdir(dir)).sort().find(isPickle)
  if (pickle !== undefined) refusePickle(join(dir, pickle), dir)
  throw new TemperError('invalid_checkpoint', `${dir} has neither ${singleName} nor ${indexName}`, { details: { dir } })
}
