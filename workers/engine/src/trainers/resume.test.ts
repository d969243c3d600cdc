import { mkdtemp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { jobSchema, type TrainingJob } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastCheckpoint, lengthReward, makeToy, metricsOf, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
let rewardModel: string
/** Adapters over `policy`. */
let adaptedReward: string

beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain()))
  rewardModel = lastCheckpoint(await runToyJob(toy.reward(policy)))
  const adapted = segmentOf(toy.reward(policy, { lora }), path.join(toy.dir, 'adapted-reward'))
  adaptedReward = lastCheckpoint(await runToyJob(adapted))
})
afterAll(() => toy.remove())

const lora = { rank: 4 }
const files = ['model.safetensors', 'resume/state.safetensors', 'resume/state.json']
const adapterFiles = ['adapter/adapter_config.json', 'adapter/adapter_model.safetensors']

/**
 * Interrupted after step 1 and again after step 3, each time continued by a new process's worth of state. It also shows
 * its answers on the way, which the undisturbed one does not.
 */
async function expectBitEqual(job: TrainingJob) {
  const quiet =
    job.type === 'reward' ? job : jobSchema.parse({ ...job, settings: { ...job.settings, samplePrompts: 0 } })
  const place = await mkdtemp(path.join(toy.dir, job.type))
  const whole = await runToyJob(segmentOf(quiet as TrainingJob, path.join(place, 'whole')))
  const parts = path.join(place, 'parts')
  const first = await runToyJob(segmentOf(job, parts, undefined, 1))
  const second = await runToyJob(segmentOf(job, parts, lastCheckpoint(first), 2))
  const third = await runToyJob(segmentOf(job, parts, lastCheckpoint(second)))

  expect(metricsOf([...first, ...second, ...third])).toEqual(metricsOf(whole))
  expect(third.at(-1)).toEqual(whole.at(-1))
  // Killed after the last checkpoint and before its end was reported.
  const fourth = await runToyJob(segmentOf(job, parts, lastCheckpoint(third)))
  expect(fourth.filter(({ type }) => type !== 'progress')).toEqual([whole.at(-1)])
  const hasAdapter = 'lora' in job.settings && job.settings.lora !== undefined
  for (const file of hasAdapter ? [...files, ...adapterFiles] : files) {
    const expected = await readFile(path.join(lastCheckpoint(whole), file))
    const actual = await readFile(path.join(lastCheckpoint(third), file))
    expect(actual.equals(expected), `${job.type}: ${file}`).toBe(true)
  }
}

describe('a stage that is interrupted and resumed ends with the very bits of an undisturbed one', () => {
  it('pretrain, on packed documents', () => expectBitEqual(toy.pretrain({ steps: 6 })))
  it('pretrain, on one stream of text', () =>
    expectBitEqual(toy.pretrain({ steps: 6, documents: 'stream', rowLength: 16 })))
  it('sft, with accumulated gradients', () =>
    expectBitEqual(toy.sft(policy, { gradientAccumulation: 2, epochs: 8, packing: false })))
  it('sft, mid-epoch on sources mixed by weight', () => {
    const data = [
      { path: toy.conversations, weight: 2 },
      { path: toy.otherTalks, weight: 1 },
    ]
    return expectBitEqual(toy.sft(policy, { batchSize: 1, epochs: 0.5, packing: false }, { data, validation: 0.2 }))
  })
  it('sft, stopped early and left with its best weights', () => {
    const settings = { batchSize: 2, epochs: 20, packing: false, learningRate: 0.003 }
    const early = { validateEverySteps: 1, patience: 3, keep: 'best' }
    return expectBitEqual(toy.sft(policy, { ...settings, ...early }, { validation: toy.otherTalks }))
  })
  it('reward', () => expectBitEqual(toy.reward(policy)))
  it('dpo', () => expectBitEqual(toy.dpo(policy)))
  it('dpo by kto, on single answers', () => expectBitEqual(toy.dpo(policy, { loss: 'kto', sftWeight: 0.1 })))
  it('dpo by orpo, without a reference', () => expectBitEqual(toy.dpo(policy, { loss: 'orpo' })))
  it('ppo', () => expectBitEqual(toy.ppo(policy, rewardModel, { iterations: 5 })))
  it('sft of adapters, with dropout and accumulated gradients', () =>
    expectBitEqual(toy.sft(policy, { lora: { ...lora, dropout: 0.2 }, gradientAccumulation: 2, epochs: 8 })))
  it('reward with adapters', () => expectBitEqual(toy.reward(policy, { lora })))
  it('dpo with adapters', () => expectBitEqual(toy.dpo(policy, { lora })))
  it('ppo with adapters, over a reward model of its own', () =>
    expectBitEqual(toy.ppo(policy, rewardModel, { lora, iterations: 5 })))
  it('ppo with adapters, which share their base with those of the reward model', () =>
    expectBitEqual(toy.ppo(policy, adaptedReward, { lora, iterations: 5 })))
  it('ppo, whose KL coefficient follows the KL and whose values are a head on the policy', () =>
    expectBitEqual(
      toy.ppo(policy, [{ name: 'reward', weight: 0.5, model: rewardModel }, lengthReward], {
        iterations: 5,
        adaptiveKl: { target: 0.5, horizon: 100 },
        valueBody: 'shared',
        valueInit: 'zero',
        batchSize: 2,
      }),
    ))
  it('grpo, by a function', () => expectBitEqual(toy.grpo(policy, [lengthReward], { iterations: 5, updateEpochs: 2 })))
  it('ppo with adapters, whose values are a head on the policy', () => {
    const shared = { valueBody: 'shared', valueInit: 'zero' }
    return expectBitEqual(toy.ppo(policy, adaptedReward, { lora, iterations: 5, ...shared }))
  })
  it('grpo with adapters, over a reward model of its own', () =>
    expectBitEqual(toy.grpo(policy, rewardModel, { lora, iterations: 5, beta: 0.1 })))
  it('rloo with adapters, which share their base with those of the reward model', () =>
    expectBitEqual(toy.rloo(policy, adaptedReward, { lora, iterations: 5, beta: 0 })))
  it('rloo', () => expectBitEqual(toy.rloo(policy, rewardModel, { iterations: 5, miniBatches: 2 })))
})
