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

/** With AdamW's usual epsilon of 1e-8 a gradient that is all rounding error would be a step of its own. */
const gentle = { learningRate: 1e-3, epsilon: 1e-5 }

/** Steps of four rows or episodes, this many a pass. */
const inPassesOf = (batchSize: number) => ({ batchSize, gradientAccumulation: 4 / batchSize, ...gentle })
const rollouts = (batchSize: number) => ({ batchSize, iterations: 2, miniBatches: 3, ...gentle })
const stages: [string, (rows: number) => TrainingJob][] = [
  ['a stream', (rows) => toy.pretrain({ steps: 4, documents: 'stream', rowLength: 16, ...inPassesOf(rows) })],
  ['conversations', (rows) => toy.sft(policy, { packing: false, ...inPassesOf(rows) })],
  ['pairs', (rows) => toy.reward(policy, inPassesOf(rows))],
  ['pairs and their reference', (rows) => toy.dpo(policy, { ties: 'half', epochs: 2, ...inPassesOf(rows) })],
  [
    'ppo episodes',
    (rows) => toy.ppo(policy, [lengthReward], { episodesPerIteration: 12, valueInit: 'zero', ...rollouts(rows) }),
  ],
  // In one pass of four the first update has measured them on its way.
  [
    'few ppo episodes',
    (rows) =>
      toy.ppo(policy, [lengthReward], {
        episodesPerIteration: 4,
        valueInit: 'zero',
        ...rollouts(rows),
        miniBatches: 1,
      }),
  ],
  [
    'few grpo groups',
    (rows) =>
      toy.grpo(policy, [lengthReward], {
        promptsPerIteration: 2,
        groupSize: 2,
        beta: 0.1,
        ...rollouts(rows),
        miniBatches: 1,
      }),
  ],
  ['grpo groups', (rows) => toy.grpo(policy, [lengthReward], { beta: 0.1, ...rollouts(rows) })],
  ['rloo groups', (rows) => toy.rloo(policy, [lengthReward], { beta: 0.1, ...rollouts(rows) })],
]

const folder = (name: string) => path.join(toy.dir, name.replaceAll(' ', '-'))
/** By name, a value a step. */
function metricsByName(events: Parameters<typeof metricsOf>[0]): Record<string, number[]> {
  const steps = metricsOf(events).map(({ values }) => values)
  // Before the first update a policy is its reference, and rounding errors say which answer it prefers.
  delete steps[0]?.['rewards/accuracies']
  const names = new Set(steps.flatMap((values) => Object.keys(values)))
  return Object.fromEntries(
    Array.from(names, (name) => [
      name,
      steps.flatMap((values) => (name in values ? [values[name] ?? Number.NaN] : [])),
    ]),
  )
}

describe.each(stages)('a step on %s', (name, jobOf) => {
  it('comes out the same in one pass, in two and in four, and from the checkpoint of another split', async () => {
    const whole = await runToyJob(segmentOf(jobOf(4), folder(`${name} whole`)))
    const rowByRow = await runToyJob(segmentOf(jobOf(1), folder(`${name} rows`)))
    const changed = folder(`${name} changed`)
    const first = await runToyJob(segmentOf(jobOf(4), changed, undefined, 1))
    const rest = await runToyJob(segmentOf(jobOf(2), changed, lastCheckpoint(first)))

    const expected = metricsByName(whole)
    expect(Object.values(expected).flat().length).toBeGreaterThanOrEqual(12)
    const weights = (await readCheckpoint(lastCheckpoint(whole))).tensors
    for (const events of [rowByRow, [...first, ...rest]]) {
      expectClose(metricsByName(events), expected)
      expectClose((await readCheckpoint(lastCheckpoint(events))).tensors, weights)
    }
  })
})

/** To a share of the largest value of each, and of 1 where that is larger. */
function expectClose(actual: Record<string, ArrayLike<number>>, expected: Record<string, ArrayLike<number>>) {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, values] of Object.entries(expected)) {
    const others = actual[name] ?? []
    expect(others.length, name).toBe(values.length)
    const largest = Math.max(1, ...Array.from(values, Math.abs))
    const worst = Math.max(...Array.from(values, (value, i) => Math.abs(value - (others[i] ?? Number.NaN))))
    expect(worst / largest, name).toBeLessThanOrEqual(1e-5)
  }
}
