import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PreferenceRow } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastCheckpoint, makeToy, metricsOf, runToyJob, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain()))
})
afterAll(() => toy.remove())

const row = (chosen: string, rest: Partial<PreferenceRow> = {}): PreferenceRow => ({
  prompt: [{ role: 'user', content: 'say so' }],
  chosen,
  rejected: 'no',
  tie: false,
  bothBad: false,
  strength: 1,
  chosenEnded: true,
  rejectedEnded: true,
  ...rest,
})
const decided = ['so so', 'so so so', 'oh so'].map((chosen) => row(chosen))
const tie = row('up', { tie: true })
const bothBad = row('we', { tie: true, bothBad: true })

async function fileOf(name: string, rows: readonly PreferenceRow[]): Promise<string> {
  const file = path.join(toy.dir, `${name}.jsonl`)
  await writeFile(file, rows.map((each) => `${JSON.stringify(each)}\n`).join(''))
  return file
}

describe('an answer that was cut before it said anything', () => {
  const cut = row('', { chosenEnded: false })

  it.each([
    ['sigmoid', {}],
    ['sigmoid', { sftWeight: 0.5, lengthNormalize: true }],
    ['ipo', {}],
    ['simpo', {}],
    ['orpo', {}],
    ['kto', {}],
  ])('is learnt from by %s %o', async (loss, settings) => {
    const other = row('oh', { prompt: [{ role: 'user', content: 'say oh' }], rejected: '', rejectedEnded: false })
    const pairs = await fileOf('cut', [cut, other])
    const job = { ...toy.dpo(policy, { loss, epochs: 2, batchSize: 1, ...settings }), pairs, heldOut: pairs }
    const steps = metricsOf(await runToyJob(job))
    expect(steps.length).toBeGreaterThanOrEqual(4)
    const numbers = steps.flatMap(({ values }) => Object.values(values))
    expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([])
  })
})

describe('ties', () => {
  it.each(['reward', 'dpo'] as const)('count in no share of pairs that a %s stage gets right', async (type) => {
    const pairs = await fileOf('ties', [...decided, tie])
    const [share, lead] = type === 'dpo' ? ['rewards/accuracies', 'rewards/margins'] : ['accuracy', 'margin']
    const stepsOf = async (batchSize: number) => {
      const settings = { ties: 'half', epochs: 1, batchSize, learningRate: 1e-9 }
      return metricsOf(await runToyJob({ ...toy[type](policy, settings), pairs, heldOut: pairs }))
    }
    const [whole] = await stepsOf(4)
    expect(3 * (whole?.values[share] ?? Number.NaN)).toBeCloseTo(Math.round(3 * (whole?.values[share] ?? 0)), 5)
    const each = await stepsOf(1)
    expect(each.filter(({ values }) => share in values)).toHaveLength(3)
    const leads = each.flatMap(({ values }) => values[lead] ?? [])
    expect(whole?.values[lead]).toBeCloseTo(leads.reduce((sum, value) => sum + value, 0) / 3, 5)
  })

  it.each([
    [{ loss: 'sigmoid' }, 5],
    [{ loss: 'orpo' }, 4],
    [{ loss: 'sigmoid', sftWeight: 0.5 }, 4],
  ])('of answers that were both called bad are no targets: %o', async (settings, trained) => {
    const pairs = await fileOf('bad', [...decided, tie, bothBad])
    const job = { ...toy.dpo(policy, { epochs: 1, ties: 'half', ...settings }), pairs, heldOut: pairs }
    const counts = { pairs_decided: 3, pairs_tied: 1, pairs_both_bad: 1, pairs_trained: trained }
    expect((await runToyJob(job)).at(-1)).toMatchObject({ result: counts })
  })
})
