import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSafetensors } from './safetensors-file.ts'
import { writeSafetensors } from './write-safetensors.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'safetensors-'))
})
afterEach(() => rm(dir, { recursive: true }))

/** A file with this header text and this many data bytes. */
async function craft(header: unknown, data: Uint8Array | number): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.byteLength))
  const path = join(dir, 'crafted.safetensors')
  await writeFile(path, Buffer.concat([length, json, typeof data === 'number' ? Buffer.alloc(data) : data]))
  return path
}

const values = async (path: string, name: string) => {
  const file = await openSafetensors(path)
  try {
    return await file.float32(name)
  } finally {
    await file.close()
  }
}

describe('round trip', () => {
  it('gives back float32 and int32 bit for bit, empty tensors and scalars too', async () => {
    const path = join(dir, 'a.safetensors')
    const floats = new Float32Array([0.1, -0, Number.MAX_VALUE, 1e-45, Number.NaN, 3])
    await writeSafetensors(path, {
      w: { shape: [2, 3], data: floats },
      größe: { shape: [], data: new Int32Array([-7]) },
      none: { shape: [0, 4], data: new Float32Array(0) },
    })
    const file = await openSafetensors(path)
    expect(Buffer.from(await file.bytes('w'))).toEqual(Buffer.from(floats.buffer))
    expect(await file.float32('größe')).toEqual(new Float32Array([-7]))
    expect(file.tensors.get('none')?.shape).toEqual([0, 4])
    expect([...file.tensors.values()].every(({ start }) => start % 4 === 0)).toBe(true)
    await file.close()
  })

  it('rounds to the nearest bfloat16, ties to even', async () => {
    const path = join(dir, 'b.safetensors')
    // 1 + 1/256 lies halfway between 1 and 1 + 1/128: even is 1. 1 + 3/256 lies halfway and goes up to 1 + 1/64.
    const data = new Float32Array([1 + 1 / 256, 1 + 3 / 256, -1.00001, 3.4e38, Number.NEGATIVE_INFINITY])
    await writeSafetensors(path, { w: { shape: [5], data } }, { dtype: 'BF16' })
    const inf = Number.POSITIVE_INFINITY
    expect(await values(path, 'w')).toEqual(new Float32Array([1, 1 + 1 / 64, -1, inf, -inf]))
  })
})

describe('stored types', () => {
  it.each([
    // 1, -2, smallest subnormal, infinity
    ['F16', new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7c00]), [1, -2, 2 ** -24, Number.POSITIVE_INFINITY]],
    ['BF16', new Uint16Array([0x3f80, 0xc000, 0x7f80]), [1, -2, Number.POSITIVE_INFINITY]],
    ['F64', new Float64Array([0.5, -3]), [0.5, -3]],
    ['I64', new BigInt64Array([5n, -6n]), [5, -6]],
    ['U8', new Uint8Array([0, 255]), [0, 255]],
  ])('reads %s', async (dtype, data, expected) => {
    const header = { w: { dtype, shape: [data.length], data_offsets: [0, data.byteLength] } }
    const path = await craft(header, new Uint8Array(data.buffer))
    expect([...(await values(path, 'w'))]).toEqual(expected)
  })
})

describe('tensors that are read when their turn comes', () => {
  it('are read one after another, in the order of their names', async () => {
    const path = join(dir, 'lazy.safetensors')
    const turns: string[] = []
    const tensor = (name: string, value: number) => ({
      shape: [1],
      read: async () => {
        turns.push(name)
        return Float32Array.of(value)
      },
    })
    await writeSafetensors(path, { b: tensor('b', 2), a: tensor('a', 1) })
    expect(turns).toEqual(['a', 'b'])
    expect([...(await values(path, 'a')), ...(await values(path, 'b'))]).toEqual([1, 2])
  })
})

describe('refusals', () => {
  const f32 = (shape: number[], from: number, to: number) => ({ dtype: 'F32', shape, data_offsets: [from, to] })
  it.each([
    ['a shape that its bytes do not fill', { w: f32([3], 0, 8) }, 8, 'tensor "w": F32 [3] takes 12 bytes'],
    ['data beyond the end', { w: f32([4], 0, 16) }, 8, 'tensor "w": ends at byte'],
    ['overlap', { a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12, 'tensor "b": begins at byte'],
    ['a gap', { a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12, 'belong to no tensor'],
    ['bytes after the last tensor', { a: f32([1], 0, 4) }, 8, 'tensors end at byte'],
    ['an unknown type', { a: { ...f32([1], 0, 4), dtype: 'F8' } }, 4, 'tensor "a"'],
    ['a negative axis', { a: f32([-1], 0, 4) }, 4, 'tensor "a"'],
    ['text that is not JSON', '{"a":', 0, 'not JSON'],
    ['a header that is no object', '[]', 0, 'must begin with "{"'],
    [
      'a repeated key',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      'tensor "a": the header holds this key twice',
    ],
    ['metadata that is no text', { __metadata__: { a: 1 } }, 0, '__metadata__'],
  ])('refuses %s', async (_, header, data, message) => {
    const path = await craft(header, data)
    await expect(openSafetensors(path)).rejects.toMatchObject({ code: 'invalid_checkpoint' })
    await expect(openSafetensors(path)).rejects.toThrow(message)
    await expect(openSafetensors(path)).rejects.toThrow(path)
  })

  it('refuses a header longer than the format allows or than the file', async () => {
    const path = join(dir, 'long')
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(2n ** 60n)
    await writeFile(path, length)
    await expect(openSafetensors(path)).rejects.toThrow('the header may have 100000000 bytes')
    length.writeBigUInt64LE(100n)
    await writeFile(path, length)
    await expect(openSafetensors(path)).rejects.toThrow('the header ends at byte 108, the file at 8')
    await writeFile(path, 'abc')
    await expect(openSafetensors(path)).rejects.toThrow('at least 8 bytes, the file has 3')
  })

  it('refuses a header that is no UTF-8', async () => {
    const path = await craft('{"a":0}', 0)
    const bytes = await readFile(path)
    bytes[10] = 0xff
    await writeFile(path, bytes)
    await expect(openSafetensors(path)).rejects.toThrow('the header must be UTF-8')
  })

  it('names a tensor that is not there', async () => {
    const path = await craft({}, 0)
    await expect(values(path, 'w')).rejects.toThrow('there is no tensor "w"')
  })
})
