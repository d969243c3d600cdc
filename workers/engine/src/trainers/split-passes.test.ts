import path from 'node:path'
import type { TrainingJob } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../checkpoint/index.ts'
import { lastCheckpoint, lengthReward, makeToy, metricsOf, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain()))
})
afterAll(() => toy.remove())

/** Steps of four rows or episodes, this many a pass. */
const inPassesOf = (batchSize: number) => ({ batchSize, gradientAccumulation: 4 / batchSize, learningRate: 1e-3 })
const rollouts = (batchSize: number) => ({ batchSize, iterations: 2, miniBatches: 3, learningRate: 1e-3 })
const stages: [string, (rows: number) => TrainingJob][] = [
  ['a stream', (rows) => toy.pretrain({ steps: 4, documents: 'stream', rowLength: 16, ...inPassesOf(rows) })],
  ['conversations', (rows) => toy.sft(policy, { packing: false, ...inPassesOf(rows) })],
  ['pairs', (rows) => toy.reward(policy, inPassesOf(rows))],
  ['pairs and their reference', (rows) => toy.dpo(policy, { ties: 'half', epochs: 2, ...inPassesOf(rows) })],
  [
    'ppo episodes',
    (rows) => toy.ppo(policy, [lengthReward], { episodesPerIteration: 12, valueInit: 'zero', ...rollouts(rows) }),
  ],
  ['grpo groups', (rows) => toy.grpo(policy, [lengthReward], { beta: 0.1, ...rollouts(rows) })],
  ['rloo groups', (rows) => toy.rloo(policy, [lengthReward], { beta: 0.1, ...rollouts(rows) })],
]

const folder = (name: string) => path.join(toy.dir, name.replaceAll(' ', '-'))
const numbersOf = (events: Parameters<typeof metricsOf>[0]) =>
  metricsOf(events).flatMap(({ values }) => Object.values(values))

describe.each(stages)('a step on %s', (name, jobOf) => {
  it('comes out the same in one pass, in two and in four, and from the checkpoint of another split', async () => {
    const whole = await runToyJob(segmentOf(jobOf(4), folder(`${name} whole`)))
    const rowByRow = await runToyJob(segmentOf(jobOf(1), folder(`${name} rows`)))
    const changed = folder(`${name} changed`)
    const first = await runToyJob(segmentOf(jobOf(4), changed, undefined, 1))
    const rest = await runToyJob(segmentOf(jobOf(2), changed, lastCheckpoint(first)))

    const expected = numbersOf(whole)
    expect(expected.length).toBeGreaterThanOrEqual(12)
    for (const events of [rowByRow, [...first, ...rest]]) {
      expectClose(numbersOf(events), expected)
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
