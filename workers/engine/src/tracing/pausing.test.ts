import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { afterEach, describe, expect, it } from 'vitest'
import { EagerProgram, type Inputs, type Program, TracedProgram, type Variables } from './index.ts'

const opened: Program[] = []
afterEach(() => {
  for (const program of opened.splice(0)) program.close()
})

const pair = { shape: [2], dtype: 'float32' } as const
const spec = { inputs: { x: pair, share: pair } }
const pause = { early: ['seen'], late: ['share'] } as const

/** Adds share · (total + x) to the total; total + x is handed back before. */
function add(variables: Variables, { x, share }: Inputs<'x' | 'share'>) {
  const total = variables.total as NonNullable<Variables[string]>
  const seen: Tensor = total.add(x)
  const sum: Tensor = total.add(seen.mul(share))
  total.assign(sum)
  return { seen, sum }
}

async function open(program: Program) {
  opened.push(program)
  await program.addVariables({ total: { ...pair, data: Float32Array.of(1, 2) } })
  const total = async () => (await program.read(['total'])).total
  return { begin: program.definePausing('add', spec, pause, add), total, program }
}

describe.each([
  ['traced', () => new TracedProgram()],
  ['eager', () => new EagerProgram()],
])('a %s function that pauses', (_, make) => {
  it('hands back its early outputs, and changes nothing until it is given the rest', async () => {
    const { begin, total } = await open(make())
    const call = await begin({ x: Float32Array.of(10, 20) })
    expect(call.early).toEqual({ seen: { shape: [2], data: Float32Array.of(11, 22) } })
    expect(await total()).toEqual(Float32Array.of(1, 2))
    const { sum } = await call.finish({ share: Float32Array.of(1, 0.5) })
    expect(sum.data).toEqual(Float32Array.of(12, 13))
    expect(await total()).toEqual(Float32Array.of(12, 13))
  })

  it('can be called again, also where a call was never finished', async () => {
    const { begin, total } = await open(make())
    await begin({ x: Float32Array.of(10, 20) })
    const call = await begin({ x: Float32Array.of(0, 0) })
    await call.finish({ share: Float32Array.of(1, 1) })
    expect(await total()).toEqual(Float32Array.of(2, 4))
  })

  it('refuses inputs of the other part, and inputs that are missing', async () => {
    const { begin } = await open(make())
    const share = Float32Array.of(1, 1)
    await expect(begin({ x: share, share })).rejects.toThrow('add has no input named share')
    await expect(begin({})).rejects.toThrow('add/x')
    const call = await begin({ x: share })
    await expect(call.finish({})).rejects.toThrow('add/share')
    await expect(call.finish({ share, x: share })).rejects.toThrow('add has no input named x')
  })
})

it('keeps to what was read before it paused', async () => {
  const { begin, program } = await open(new TracedProgram())
  const call = await begin({ x: Float32Array.of(10, 20) })
  await program.write({ total: Float32Array.of(0, 0) })
  expect((await call.finish({ share: Float32Array.of(1, 1) })).sum.data).toEqual(Float32Array.of(12, 24))
})
