import { jobSchema } from '@temper/db/contracts'
import type { RunRecord } from '@temper/db/queries'
import { parseRecipe } from '@temper/db/recipes'
import { describe, expect, it } from 'vitest'
import type { Inputs } from './inputs.ts'
import { trainedOn, trainingJob } from './training-job.ts'

const recipe = parseRecipe(`name: tiny
model: { checkpoint: ckpt_aaaaaaaaaaaaaaaaaaaa }
data:
  asks: { generator: stories, kind: prompts, count: 10 }
  others: { generator: stories, kind: prompts, count: 5 }
  pairs: { dataset: pairs }
stages:
  votes: { type: preferences, data: pairs }
  judge: { type: reward, preferences: votes }
  ppo: { type: ppo, reward: judge, prompts: asks, heldOut: others, adaptiveKl: {} }
  grpo:
    type: grpo
    prompts: asks
    rewards:
      - { reward: judge, weight: 2 }
      - function: length
        code: |
          export default (samples: { completion: string }[]): number[] => samples.map(() => 1)
  rloo: { type: rloo, reward: judge, prompts: asks }
`)
const run = { id: 'run_a', seed: 7, recipe } as RunRecord
const inputs: Inputs = {
  checkpoint: async (stage) => `/checkpoints/${stage}`,
  data: async (name) => `/data/${name}`,
  pairs: async () => ({ pairs: '/pairs', heldOut: '/held-out' }),
}
const jobOf = (stage: 'ppo' | 'grpo' | 'rloo') => {
  const origin = { runId: run.id, stage, stageType: stage, parents: [], data: [] }
  return trainingJob(run, { origin, outDir: '/out', resumeFrom: undefined, maxSeconds: 60 }, inputs)
}

describe('trainingJob', () => {
  it.each(['ppo', 'grpo', 'rloo'] as const)('tells the engine of a %s stage in words that it takes', async (stage) => {
    const job = await jobOf(stage)
    expect(jobSchema.parse(job)).toEqual(job)
    expect(job).toMatchObject({ type: stage, model: '/checkpoints/model', prompts: '/data/asks' })
  })

  it('gives the prompts that samples answer where a stage names some', async () => {
    expect(await jobOf('ppo')).toMatchObject({ heldOut: '/data/others' })
    expect((await jobOf('rloo')) as object).toMatchObject({ heldOut: undefined })
  })

  it('gives reward models as folders and functions as JavaScript', async () => {
    expect(await jobOf('grpo')).toMatchObject({
      rewards: [
        { name: 'judge', weight: 2, model: '/checkpoints/judge' },
        { name: 'length', weight: 1, code: expect.stringContaining('rewardModule'), timeoutSeconds: 10, memoryMb: 128 },
      ],
    })
  })

  it('counts the prompts among the data that a stage was trained on', () => {
    expect(trainedOn(run, 'rloo', { asks: 'data_asks', pairs: 'data_pairs' })).toEqual(['data_asks'])
  })
})
