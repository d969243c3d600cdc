import { describe, expect, test } from 'vitest'
import type { NodeMessage } from './index.ts'
import { Session } from './index.ts'

const float = { type: 1 }
const nodes: NodeMessage[] = [
  { name: 'x', op: 'Placeholder', input: [], attr: { dtype: float, shape: { shape: { dim: [{ size: 2 }] } } } },
  { name: 'y', op: 'Neg', input: ['x:0'], attr: { T: float } },
]
const request = (shape: number[], data: Float32Array | Int32Array, fetch = 'y:0') => ({
  feeds: [{ name: 'x', type: 1, shape, data }],
  fetches: [fetch],
  targets: [],
})

test('feeds, runs and fetches', async () => {
  const session = new Session()
  session.extend(nodes)
  expect(await session.run(request([2], Float32Array.of(1, -2)))).toEqual([
    { shape: [2], data: Float32Array.of(-1, 2) },
  ])
  session.close()
})

test('takes empty tensors and refuses feeds whose bytes do not fit their shape', async () => {
  const session = new Session()
  session.extend([
    { name: 'x', op: 'Placeholder', input: [], attr: { dtype: float } },
    { name: 'y', op: 'Neg', input: ['x:0'], attr: { T: float } },
  ])
  expect(await session.run(request([0, 3], new Float32Array()))).toEqual([{ shape: [0, 3], data: new Float32Array() }])
  await expect(session.run(request([3], Float32Array.of(1)))).rejects.toThrow('a feed has 4 bytes, its shape takes 12')
  await expect(session.run(request([-1], Float32Array.of(1)))).rejects.toThrow('a dimension is negative')
  await expect(session.run(request([2 ** 40, 2 ** 40], Float32Array.of(1)))).rejects.toThrow('a shape is too large')
  session.close()
})

test('names nodes and outputs that the graph does not have', async () => {
  const session = new Session()
  session.extend(nodes)
  const run = (fetch: string) => session.run(request([2], Float32Array.of(1, 2), fetch))
  await expect(run('z:0')).rejects.toThrow('the graph has no node named z')
  await expect(run('y:1')).rejects.toThrow('y has no output 1')
  session.close()
})

test('refuses a graph that TensorFlow refuses, and keeps the one it has', async () => {
  const session = new Session()
  session.extend(nodes)
  expect(() => session.extend([{ name: 'z', op: 'NoSuchOp', input: [], attr: {} }])).toThrow('NoSuchOp')
  expect(() => session.extend(nodes)).toThrow('x')
  expect(await session.run(request([2], Float32Array.of(3, 4)))).toEqual([
    { shape: [2], data: Float32Array.of(-3, -4) },
  ])
  session.close()
})

test('leaves the JavaScript thread free while TensorFlow works', async () => {
  const session = new Session({ intraOpThreads: 1 })
  const matrix = { dtype: float, shape: { shape: { dim: [{ size: 512 }, { size: 512 }] } } }
  const chain = Array.from({ length: 100 }, (_, i): NodeMessage => {
    return { name: `m${i}`, op: 'MatMul', input: [i === 0 ? 'x:0' : `m${i - 1}:0`, 'x:0'], attr: { T: float } }
  })
  session.extend([{ name: 'x', op: 'Placeholder', input: [], attr: matrix }, ...chain])
  let finished = false
  const run = session.run(request([512, 512], new Float32Array(512 * 512), 'm99:0')).then(() => {
    finished = true
  })
  let turns = 0
  while (!finished) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  await run
  expect(turns).toBeGreaterThan(10)
  session.close()
})

describe('a run in parts', () => {
  const sums: NodeMessage[] = [
    { name: 'a', op: 'Placeholder', input: [], attr: { dtype: float } },
    { name: 'b', op: 'Placeholder', input: [], attr: { dtype: float } },
    { name: 'twice', op: 'AddV2', input: ['a:0', 'a:0'], attr: { T: float } },
    { name: 'sum', op: 'AddV2', input: ['twice:0', 'b:0'], attr: { T: float } },
  ]
  const feed = (name: string, value: number) => ({ name, type: 1, shape: [1], data: Float32Array.of(value) })
  const first = (value: number, fetch = 'twice:0') => ({ feeds: [feed('a', value)], fetches: [fetch], targets: [] })
  const rest = { inputs: ['b'], fetches: ['sum:0'] }

  test('hands back what needs no later feed, and goes on from there, with other runs between', async () => {
    const session = new Session()
    session.extend(sums)
    const one = await session.begin(first(1), rest)
    const ten = await session.begin(first(10), rest)
    expect([one, ten].map(({ outputs }) => outputs[0]?.data[0])).toEqual([2, 20])
    expect(await session.run(first(100))).toEqual([{ shape: [1], data: Float32Array.of(200) }])
    expect((await ten.finish([feed('b', 3)]))[0]?.data).toEqual(Float32Array.of(23))
    expect((await one.finish([feed('b', 4)]))[0]?.data).toEqual(Float32Array.of(6))
    await expect(one.finish([feed('b', 4)])).rejects.toMatchObject({ code: 'engine_failed' })
    session.close()
  })

  test('refuses a first part that fetches what needs a later feed', async () => {
    const session = new Session()
    session.extend(sums)
    await expect(session.begin(first(1, 'sum:0'), { inputs: ['b'], fetches: ['twice:0'] })).rejects.toThrow(/sum.*can't be computed|can't be computed/) // biome-ignore format: one call
    session.close()
  })

  test('ends with the session, however far it has come', async () => {
    const session = new Session()
    session.extend(sums)
    const begun = await session.begin(first(1), rest)
    session.close()
    await expect(begun.finish([feed('b', 3)])).rejects.toThrow('the session is closed')
  })
})
