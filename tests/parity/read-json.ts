import { readFile } from 'node:fs/promises'
import type { z } from 'zod'

/** A reference file by its schema; a file of another form fails the section that reads it. */
export async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
  return schema.parse(JSON.parse(await readFile(path, 'utf8')))
}
