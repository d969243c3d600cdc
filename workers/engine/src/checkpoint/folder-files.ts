import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { openSafetensors, type SafetensorsFile } from './safetensors-file.ts'

const indexName = 'model.safetensors.index.json'
const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string().regex(/^[A-Za-z0-9._-]+$/)) })

/** A JSON object from a file of a checkpoint. @throws TemperError invalid_checkpoint */
export async function readJson(dir: string, name: string): Promise<Record<string, unknown>> {
  const path = join(dir, name)
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const message = `${path} cannot be read as a JSON object: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new TemperError('invalid_checkpoint', message, { cause, details: { file: path } })
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/**
 * The weight files of a folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
 * The caller closes them.
 */
export async function openWeights(dir: string): Promise<SafetensorsFile[]> {
  const names = await weightFileNames(dir)
  const files: SafetensorsFile[] = []
  try {
    for (const name of names) files.push(await openSafetensors(join(dir, name)))
    return files
  } catch (error) {
    await Promise.all(files.map((file) => file.close()))
    throw error
  }
}

async function weightFileNames(dir: string): Promise<string[]> {
  if (await exists(join(dir, 'model.safetensors'))) return ['model.safetensors']
  if (!(await exists(join(dir, indexName)))) {
    throw new TemperError('invalid_checkpoint', `${dir} has neither model.safetensors nor ${indexName}`, {
      details: { dir },
    })
  }
  const index = indexSchema.safeParse(await readJson(dir, indexName))
  if (index.success) return [...new Set(Object.values(index.data.weight_map))].sort()
  const message = `${join(dir, indexName)}: ${z.prettifyError(index.error)}`
  throw new TemperError('invalid_checkpoint', message, { details: { file: indexName, issues: index.error.issues } })
}
