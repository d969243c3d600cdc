import type { GgufValue } from './gguf-cursor.ts'

/** A tensor to store: `shape` with the outermost axis first, `type` and bytes as GGUF has them. */
export interface TensorFixture {
  shape: number[]
  type: number
  bytes: Uint8Array
  /** Where it begins in the data; after the one before it by default. */
  offset?: number
}

export interface GgufFixture {
  version?: number
  metadata?: [key: string, value: GgufValue | Typed][]
  tensors?: [name: string, tensor: TensorFixture][]
}

/** A number with its GGUF type code. */
export interface Typed {
  code: number
  value: number
}
export const f32 = (value: number): Typed => ({ code: 6, value })

/** The bytes of a GGUF file. */
export function ggufBytes({ version = 3, metadata = [], tensors = [] }: GgufFixture): Buffer {
  let next = 0
  const places = tensors.map(([, { bytes, offset = next }]) => {
    next = align(offset + bytes.byteLength)
    return offset
  })
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(version),
    uint64(tensors.length),
    uint64(metadata.length),
    ...metadata.flatMap(([key, value]) => [text(key), typed(value)]),
    ...tensors.flatMap(([name, { shape, type }], i) => [
      text(name),
      uint32(shape.length),
      ...[...shape].reverse().map(uint64),
      uint32(type),
      uint64(places[i] ?? 0),
    ]),
  ])
  const data = Buffer.alloc(next)
  for (const [i, [, { bytes }]] of tensors.entries()) data.set(bytes, places[i])
  return Buffer.concat([header, Buffer.alloc(align(header.byteLength) - header.byteLength), data])
}

export const f32Tensor = (shape: number[], values: Float32Array): TensorFixture => ({
  shape,
  type: 0,
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
})

const align = (at: number) => Math.ceil(at / 32) * 32

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const text = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)])

/** Code and value; plain numbers are uint32, lists are of the kind of their first value. */
function typed(value: GgufValue | Typed): Buffer {
  if (Array.isArray(value)) {
    const items = value.map(typed)
    const code = items[0]?.subarray(0, 4) ?? uint32(4)
    return Buffer.concat([uint32(9), code, uint64(value.length), ...items.map((item) => item.subarray(4))])
  }
  if (typeof value === 'string') return Buffer.concat([uint32(8), text(value)])
  if (typeof value === 'boolean') return Buffer.concat([uint32(7), Buffer.from([value ? 1 : 0])])
  if (typeof value === 'number') return Buffer.concat([uint32(4), uint32(value)])
  const float = Buffer.alloc(4)
  float.writeFloatLE(value.value)
  return Buffer.concat([uint32(value.code), float])
}
