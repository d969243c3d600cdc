import { describe, expect, it } from 'vitest'
import { f32, f32Tensor, type GgufFixture, ggufBytes } from './gguf.fixture.ts'
import { parseGgufHeader } from './gguf-header.ts'

const parse = (bytes: Buffer, fileBytes = bytes.byteLength) => parseGgufHeader('m.gguf', bytes, fileBytes)
const one = f32Tensor([1, 2], new Float32Array(2))

it('reads metadata of every kind, and where tensors are', () => {
  const bytes = ggufBytes({
    metadata: [
      ['text', 'größe'],
      ['on', true],
      ['count', 7],
      ['scale', f32(0.5)],
      ['list', ['a', 'b']],
    ],
    tensors: [
      ['a', f32Tensor([3, 2], new Float32Array(6))],
      ['b', f32Tensor([1], new Float32Array(1))],
    ],
  })
  const { metadata, tensors } = parse(bytes)
  expect(Object.fromEntries(metadata)).toEqual({ text: 'größe', on: true, count: 7, scale: 0.5, list: ['a', 'b'] })
  const start = bytes.byteLength - 64
  expect(tensors.get('a')).toMatchObject({ shape: [3, 2], start, end: start + 24, format: { name: 'F32' } })
  expect(tensors.get('b')).toMatchObject({ shape: [1], start: start + 32, end: start + 36 })
})

describe('refusals', () => {
  it.each<[string, GgufFixture, string]>([
    ['another version', { version: 1 }, 'must be of version 2 or 3, it says 1'],
    [
      'metadata twice',
      {
        metadata: [
          ['a', 1],
          ['a', 2],
        ],
      },
      'holds the metadata a twice',
    ],
    [
      'an alignment that is no power of two',
      { metadata: [['general.alignment', 24]] },
      'must be a power of two, it is 24',
    ],
    ['a list of lists', { metadata: [['a', [['b']]]] }, 'has a list of lists'],
    [
      'a tensor twice',
      {
        tensors: [
          ['a', one],
          ['a', one],
        ],
      },
      'tensor "a" is listed twice',
    ],
    ['an unknown type', { tensors: [['a', { ...one, type: 99 }]] }, 'tensor "a" must be one of F32'],
    ['no axes', { tensors: [['a', { ...one, shape: [] }]] }, 'tensor "a" must have 1 to 4 axes, it has 0'],
    ['an axis of 0', { tensors: [['a', { ...one, shape: [0, 2] }]] }, 'tensor "a" cannot be [0, 2]'],
    ['axes beyond all files', { tensors: [['a', { ...one, shape: [2 ** 50, 2 ** 50] }]] }, 'tensor "a" cannot be'],
    ['rows of broken blocks', { tensors: [['a', { ...one, type: 2 }]] }, 'rows of a multiple of 32 values, not 2'],
    [
      'overlap',
      {
        tensors: [
          ['a', one],
          ['b', { ...one, offset: 0 }],
        ],
      },
      'tensor "b" must begin at byte 32 of the data, not 0',
    ],
    [
      'a gap',
      {
        tensors: [
          ['a', one],
          ['b', { ...one, offset: 64 }],
        ],
      },
      'tensor "b" must begin at byte 32 of the data, not 64',
    ],
  ])('refuses %s', (_, fixture, message) => {
    expect(() => parse(ggufBytes(fixture))).toThrow(message)
    expect(() => parse(ggufBytes(fixture))).toThrow('m.gguf')
  })

  it('refuses a file that ends early, at any byte', () => {
    const bytes = ggufBytes({ metadata: [['a', ['b', 'c']]], tensors: [['t', one]] })
    const dataEnd = bytes.byteLength - 24 // the last tensor's padding
    for (let length = 0; length < dataEnd; length++) {
      expect(() => parse(bytes.subarray(0, length)), `${length} bytes`).toThrow('m.gguf')
    }
    expect(parse(bytes.subarray(0, dataEnd)).tensors.size).toBe(1)
  })

  it('refuses counts that the file has no room for, before it makes room itself', () => {
    const bytes = ggufBytes({ metadata: [['a', ['b']]] })
    const counts = { tensors: 8, metadata: 16, 'bytes of text': 24, 'values of a list': 41 }
    for (const [what, at] of Object.entries(counts)) {
      const crafted = Buffer.from(bytes)
      crafted.writeBigUInt64LE(2n ** 62n, at)
      expect(() => parse(crafted), what).toThrow(`${what}, for which`)
    }
  })

  it('refuses other letters, an unknown value type and text that is no UTF-8', () => {
    expect(() => parse(Buffer.from('GGML'.padEnd(32)))).toThrow('must begin with the letters GGUF')
    expect(() => parse(ggufBytes({ metadata: [['a', { code: 77, value: 0 }]] }))).toThrow('the unknown type 77')
    const bytes = ggufBytes({ metadata: [['a', 1]] })
    bytes[32] = 0xff
    expect(() => parse(bytes)).toThrow('must be UTF-8')
  })
})
