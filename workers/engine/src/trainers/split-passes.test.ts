import path from 'node:path'
import type { TrainingJob } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../checkpoint/index.ts'
import { lastCheckpoint, makeToy, metricsOf, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain()))
})
afterAll(() => toy.remove())

/** Steps of four rows. */
const inPassesOf = (batchSize: number) => ({ batchSize, gradientAccumulation: 4 / batchSize, learningRate: 1e-3 })
const stages: [string, (settings: object) => TrainingJob][] = [
  ['a stream', (settings) => toy.pretrain({ steps: 4, documents: 'stream', rowLength: 16, ...settings })],
  ['conversations', (settings) => toy.sft(policy, { packing: false, ...settings })],
  ['pairs', (settings) => toy.reward(policy, settings)],
]

const folder = (name: string) => path.join(toy.dir, name.replaceAll(' ', '-'))
const lossesOf = (events: Parameters<typeof metricsOf>[0]) =>
  metricsOf(events).flatMap(({ values }) => [values.loss ?? Number.NaN, values.grad_norm ?? Number.NaN])

describe.each(stages)('a step on %s', (name, jobOf) => {
  it('comes out the same in one pass, in two and in four, and from the checkpoint of another split', async () => {
    const whole = await runToyJob(segmentOf(jobOf(inPassesOf(4)), folder(`${name} whole`)))
    const rowByRow = await runToyJob(segmentOf(jobOf(inPassesOf(1)), folder(`${name} rows`)))
    const changed = folder(`${name} changed`)
    const first = await runToyJob(segmentOf(jobOf(inPassesOf(4)), changed, undefined, 1))
    const rest = await runToyJob(segmentOf(jobOf(inPassesOf(2)), changed, lastCheckpoint(first)))

    const expected = lossesOf(whole)
    expect(expected.length).toBeGreaterThanOrEqual(6)
    for (const events of [rowByRow, [...first, ...rest]]) {
      expectClose(lossesOf(events), expected)
      const { tensors } = await readCheckpoint(lastCheckpoint(events))
      for (const [tensor, values] of Object.entries((await readCheckpoint(lastCheckpoint(whole))).tensors)) {
        expectClose(tensors[tensor] ?? [], values)
      }
    }
  })
})

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length)
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] ?? Number.NaN)) / Math.max(1, Math.abs(value)))) // biome-ignore format: one formula
  expect(worst).toBeLessThanOrEqual(1e-5)
}
