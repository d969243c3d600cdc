import { open } from 'node:fs/promises'
import { TemperError } from '@temper/db/contracts'
import { dtypeBytes, fromValues } from './dtypes.ts'

export interface TensorToWrite {
  shape: readonly number[]
  data: Float32Array | Int32Array
}

/** float32 values that are read when their turn comes, so that only one tensor is held at a time. */
export interface TensorToRead {
  shape: readonly number[]
  read(): Promise<Float32Array>
}

/**
 * Writes tensors, sorted by name, as float32 and int32, or the float32 ones rounded to bfloat16. Flushed to the disk.
 * @throws TemperError internal when a tensor's values do not fill its shape
 */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, TensorToWrite | TensorToRead>,
  options: { dtype?: 'F32' | 'BF16'; metadata?: Record<string, string> } = {},
): Promise<void> {
  const names = Object.keys(tensors).sort()
  const entries = names.map((name) => ({ name, ...storedForm(name, tensors[name], options.dtype ?? 'F32') }))
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...options.metadata } }
  let offset = 0
  for (const { name, dtype, shape, sizeBytes } of entries) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + sizeBytes] }
    offset += sizeBytes
  }
  const file = await open(path, 'w')
  try {
    await file.writeFile(headerBytes(header))
    for (const entry of entries) await file.writeFile(fromValues(await valuesOf(entry), entry.dtype))
    await file.sync()
  } finally {
    await file.close()
  }
}

function storedForm(name: string, tensor: TensorToWrite | TensorToRead | undefined, floats: 'F32' | 'BF16') {
  if (!tensor) throw new TemperError('internal', `tensor "${name}" has no values`)
  const { shape } = tensor
  const dtype = 'data' in tensor && tensor.data instanceof Int32Array ? ('I32' as const) : floats
  const size = shape.reduce((product, axis) => product * axis, 1)
  return { tensor, shape, dtype, size, sizeBytes: size * dtypeBytes[dtype] }
}

async function valuesOf({ name, tensor, shape, size }: ReturnType<typeof storedForm> & { name: string }) {
  const values = 'data' in tensor ? tensor.data : await tensor.read()
  if (values.length === size) return values
  const message = `tensor "${name}" [${shape.join(', ')}] takes ${size} values, ${values.length} given`
  throw new TemperError('internal', message)
}

/** Length and JSON, padded with spaces so that the data begins at a multiple of 8. */
function headerBytes(header: Record<string, unknown>): Uint8Array {
  const json = JSON.stringify(header)
  const padded = json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8))
  const bytes = Buffer.alloc(8 + Buffer.byteLength(padded))
  bytes.writeBigUInt64LE(BigInt(bytes.byteLength - 8))
  bytes.write(padded, 8)
  return bytes
}
