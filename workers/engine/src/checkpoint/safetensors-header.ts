import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { dtypeBytes, type StoredDtype } from './dtypes.ts'
import { duplicateKey } from './duplicate-keys.ts'

/** The format's own limit. */
export const maxHeaderBytes = 100_000_000

export interface TensorEntry {
  dtype: StoredDtype
  shape: number[]
  /** Bytes from the start of the file. */
  start: number
  end: number
}

export interface SafetensorsHeader {
  tensors: Map<string, TensorEntry>
  metadata: Record<string, string>
}

const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(dtypeBytes) as [StoredDtype, ...StoredDtype[]]),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
})
const metadataSchema = z.record(z.string(), z.string())

/** Refuses with the file, the tensor, the rule and both values. */
function refuse(file: string, tensor: string | undefined, rule: string, details: Record<string, unknown> = {}): never {
  const place = tensor === undefined ? file : `${file}: tensor "${tensor}"`
  throw new TemperError('invalid_checkpoint', `${place}: ${rule}`, { details: { file, tensor, rule, ...details } })
}

/** Bytes of the header's JSON, from the first 8 bytes of a file of `fileBytes`. */
export function headerLength(file: string, first8: Uint8Array, fileBytes: number): number {
  if (first8.byteLength < 8) refuse(file, undefined, `a header takes at least 8 bytes, the file has ${fileBytes}`)
  const length = Number(new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true))
  if (length > maxHeaderBytes) refuse(file, undefined, `the header may have ${maxHeaderBytes} bytes, it says ${length}`)
  if (8 + length > fileBytes) refuse(file, undefined, `the header ends at byte ${8 + length}, the file at ${fileBytes}`)
  return length
}

/**
 * Validates a safetensors header: JSON of the right form without repeated keys; every tensor's bytes are its shape
 * times its width; together they cover the data exactly, without overlap or gap.
 * @param header - the header's bytes, trailing spaces included
 * @param fileBytes - size of the whole file
 * @throws TemperError invalid_checkpoint
 */
export function parseHeader(file: string, header: Uint8Array, fileBytes: number): SafetensorsHeader {
  const { __metadata__: metadata, ...entries } = parseObject(file, decodeText(file, header))
  const dataStart = 8 + header.byteLength
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of Object.entries(entries)) tensors.set(name, parseEntry(file, name, entry, dataStart))
  checkCoverage(file, tensors, dataStart, fileBytes)
  const texts = metadataSchema.optional().safeParse(metadata)
  if (!texts.success) refuse(file, undefined, '__metadata__ must map texts to texts')
  return { tensors, metadata: texts.data ?? {} }
}

function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    refuse(file, undefined, 'the header must be UTF-8')
  }
}

function parseObject(file: string, json: string): Record<string, unknown> {
  if (!json.startsWith('{')) refuse(file, undefined, 'the header must begin with "{"')
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch (cause) {
    refuse(file, undefined, `the header is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const repeated = duplicateKey(json)
  if (repeated !== undefined) refuse(file, repeated, 'the header holds this key twice')
  return parsed as Record<string, unknown>
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number): TensorEntry {
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) refuse(file, name, z.prettifyError(parsed.error))
  const { dtype, shape } = parsed.data
  const [start, end] = parsed.data.data_offsets
  const expected = shape.reduce((product, axis) => product * axis, dtypeBytes[dtype])
  if (end - start !== expected) {
    const rule = `${dtype} [${shape.join(', ')}] takes ${expected} bytes, its offsets ${start} to ${end} hold ${end - start}`
    refuse(file, name, rule, { expected, actual: end - start })
  }
  return { dtype, shape, start: dataStart + start, end: dataStart + end }
}

function checkCoverage(file: string, tensors: Map<string, TensorEntry>, dataStart: number, fileBytes: number): void {
  let next = dataStart
  for (const [name, { start, end }] of [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (end > fileBytes) refuse(file, name, `ends at byte ${end}, the file at ${fileBytes}`, { end, fileBytes })
    if (start < next) refuse(file, name, `begins at byte ${start} inside another tensor that ends at ${next}`)
    if (start > next) refuse(file, name, `begins at byte ${start}, but the bytes from ${next} belong to no tensor`)
    next = end
  }
  if (next !== fileBytes) refuse(file, undefined, `tensors end at byte ${next}, the file at ${fileBytes}`)
}
