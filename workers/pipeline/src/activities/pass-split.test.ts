import { jobSchema, TemperError, type TrainingJob } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { nextPassSplit, outOfMemory, withPassSplit } from './pass-split.ts'

const sft = (settings: object) =>
  jobSchema.parse({ type: 'sft', seed: 1, outDir: 'o', model: 'm', data: [{ path: 'd' }], settings }) as TrainingJob
const rewards = [{ name: 'r', weight: 1, model: 'r' }]
const ppo = jobSchema.parse({
  type: 'ppo',
  seed: 1,
  outDir: 'o',
  model: 'm',
  rewards,
  prompts: 'p',
  settings: {},
}) as TrainingJob

describe('a pass that needs too much memory', () => {
  it.each([
    [8, [2, 4, 8]],
    [6, [2, 6]],
    [7, [7]],
    [9, [3, 9]],
    [1, []],
  ])('of %i rows is split into %j equal ones, down to one row and no further', (batchSize, expected) => {
    const job = sft({ batchSize })
    const splits: number[] = []
    for (let next = nextPassSplit(job, 1); next !== undefined; next = nextPassSplit(job, next.split)) {
      splits.push(next.split)
    }
    expect(splits).toEqual(expected)
  })

  it('becomes more passes of fewer rows, which make the same step', () => {
    const job = sft({ batchSize: 8, gradientAccumulation: 3 })
    expect(withPassSplit(job, 1)).toBe(job)
    const expected = { batchSize: 2, gradientAccumulation: 12 }
    expect(withPassSplit(job, 4).settings).toMatchObject(expected)
    expect(nextPassSplit(job, 2)).toEqual({ split: 4, batchSize: 2 })
  })

  it.each([
    ['a whole mini-batch', {}, [16, 8, 4, 2, 1]],
    ['what batchSize says', { batchSize: 3 }, [2, 1]],
    ['no more than a mini-batch has', { batchSize: 64, miniBatches: 16 }, [1]],
  ])('of episodes starts from %s', (_, settings, expected) => {
    const job = { ...ppo, settings: { ...ppo.settings, episodesPerIteration: 32, ...settings } } as TrainingJob
    const sizes: number[] = []
    for (let next = nextPassSplit(job, 1); next !== undefined; next = nextPassSplit(job, next.split)) {
      sizes.push(next.batchSize)
      expect(withPassSplit(job, next.split).settings.batchSize).toBe(next.batchSize)
    }
    expect(sizes).toEqual(expected)
  })

  it('of groups counts all their completions', () => {
    const settings = { promptsPerIteration: 4, groupSize: 6, miniBatches: 2 }
    const grpo = jobSchema.parse({ ...ppo, type: 'grpo', settings }) as TrainingJob
    expect(nextPassSplit(grpo, 1)).toEqual({ split: 2, batchSize: 6 })
  })
})

describe('the message of a stage that ran out of memory', () => {
  const cause = new TemperError('out_of_memory', 'the engine ran out of memory', { details: { signal: 'SIGKILL' } })

  it('names the settings that take memory, with their values', () => {
    const { message, details } = outOfMemory('tune', sft({ batchSize: 8, maxLength: 512 }), cause)
    expect(message).toBe(
      'tune ran out of memory (the engine ran out of memory): lower batchSize (now 8), or lower maxLength (now 512), or set gradientCheckpointing: true, or take a smaller model',
    )
    expect(details).toMatchObject({ stage: 'tune', signal: 'SIGKILL' })
  })

  it('says that a pass cannot have less than one row', () => {
    const { message } = outOfMemory('tune', sft({ batchSize: 1, gradientCheckpointing: true }), cause)
    expect(message).toContain('with one row a pass, the fewest there are')
    expect(message).not.toMatch(/batchSize|gradientCheckpointing/)
  })

  it('names what a stage of rollouts has instead', () => {
    const { message } = outOfMemory('policy', ppo, cause)
    expect(message).toContain(
      'set batchSize (now a whole mini-batch), or raise miniBatches (now 1), or lower sampling.maxTokens (now 128)',
    )
  })
})
