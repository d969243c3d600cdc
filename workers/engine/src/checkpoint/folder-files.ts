import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

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
