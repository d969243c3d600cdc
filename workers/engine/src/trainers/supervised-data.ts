import { type JobOf, TemperError } from '@temper/db/contracts'
import type { z } from 'zod'
import { readRows } from '../data/index.ts'

type SupervisedJob = JobOf<'pretrain' | 'sft'>

/** Sources that are mixed by weight, each of one or more files, and rows of a file that is only looked at. */
export interface SupervisedRows<R> {
  sources: { files: R[][]; weight: number }[]
  validation: R[]
}

/**
 * The rows of a job's files: one source of all of them where none has a weight, else one a file.
 * @throws invalid_dataset for a file without rows
 */
export async function readSupervisedRows<S extends z.ZodType>(
  { data, validation }: SupervisedJob,
  schema: S,
): Promise<SupervisedRows<z.output<S>>> {
  const files = await Promise.all(
    data.map(async ({ path, weight }) => ({ items: await readFilled(path, schema), weight })),
  )
  const mixed = files.some(({ weight }) => weight !== undefined)
  return {
    sources: mixed
      ? files.map(({ items, weight = 1 }) => ({ files: [items], weight }))
      : [{ files: files.map(({ items }) => items), weight: 1 }],
    validation: typeof validation === 'string' ? await readFilled(validation, schema) : [],
  }
}

/** The trained part of some files and, at the end of each, the share that is held out. */
export function splitOff<T>(files: readonly T[][], { validation }: SupervisedJob): { trained: T[]; heldOut: T[] } {
  const parts = files.map((items) => ({ items, at: trainedCount(items.length, validation) }))
  const trained = parts.flatMap(({ items, at }) => items.slice(0, at))
  return { trained, heldOut: parts.flatMap(({ items, at }) => items.slice(at)) }
}

/** How many of `count` items or tokens, at least one, are not held out. */
export function trainedCount(count: number, validation: SupervisedJob['validation']): number {
  return Math.max(1, Math.floor(count * (1 - (typeof validation === 'number' ? validation : 0))))
}

async function readFilled<S extends z.ZodType>(file: string, schema: S): Promise<z.output<S>[]> {
  const rows = await readRows(file, schema)
  if (rows.length > 0) return rows
  throw new TemperError('invalid_dataset', `${file} has no rows`, { details: { file } })
}
