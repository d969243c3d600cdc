import { type TrainingJob, wordsOfMetric } from '@temper/db/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lastCheckpoint, lengthReward, makeToy, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
let rewardModel: string

beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain({ steps: 2 })))
  rewardModel = lastCheckpoint(await runToyJob(toy.reward(policy, { epochs: 1 })))
})
afterAll(() => toy.remove())

/** A stage that looks at all it can, for a step or two. */
const jobs: Record<TrainingJob['type'], () => TrainingJob> = {
  pretrain: () => toy.pretrain({ steps: 1 }, { validation: 0.2 }),
  sft: () => toy.sft(policy, { epochs: 1 }, { validation: 0.2 }),
  reward: () => toy.reward(policy, { epochs: 1 }),
  dpo: () => toy.dpo(policy, { epochs: 1, loss: 'kto', sftWeight: 0.1 }),
  ppo: () => toy.ppo(policy, rewardModel, { iterations: 1, adaptiveKl: {} }),
  grpo: () => toy.grpo(policy, [lengthReward], { iterations: 1, beta: 0.1 }),
  rloo: () => toy.rloo(policy, rewardModel, { iterations: 1 }),
}

it.each(Object.entries(jobs))('%s logs only metrics that the contract explains', async (type, job) => {
  const events = await runToyJob(segmentOf(job(), `${toy.dir}/${type}-named`))
  const names = events.flatMap((event) => (event.type === 'metrics' ? Object.keys(event.values) : []))
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => wordsOfMetric(name) === undefined)).toEqual([])
})
