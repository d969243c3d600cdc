import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type EvaluationRow, evaluationRowSchema, jobSchema } from '@temper/db/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readRows } from '../data/index.ts'
import { lastCheckpoint, makeTrainedToy, runToyJob, type Toy } from '../trainers/toy.fixture.ts'

let toy: Toy
let policy: string
let rewardModel: string
beforeAll(async () => {
  ;({ toy, policy, rewardModel } = await makeTrainedToy())
})
afterAll(() => toy.remove())

async function evaluated(prompts: string, more: object = {}): Promise<EvaluationRow[]> {
  const output = path.join(toy.dir, 'evaluation.jsonl')
  const asked = { prompts, policies: { model: policy }, baseline: 'model', sampling: { maxTokens: 4 } }
  const done = (await runToyJob(jobSchema.parse({ type: 'evaluate', seed: 7, ...asked, ...more, output }))).at(-1)
  const rows = await readRows(output, evaluationRowSchema)
  expect(done).toMatchObject({ type: 'done', outcome: 'finished', result: { prompts: rows.length } })
  return rows
}

it('answers every prompt, or the first ones up to a limit', async () => {
  const { prompts } = toy.ppo(policy, policy)
  const promptsOf = (rows: EvaluationRow[]) => rows.map(({ prompt }) => prompt[0]?.content)
  const asked = ['say ha', 'say no', 'say oh', 'say we', 'say so', 'say up']
  expect(promptsOf(await evaluated(prompts))).toEqual(asked)
  expect(promptsOf(await evaluated(prompts, { limit: 2 }))).toEqual(asked.slice(0, 2))
})

it('asks the prompts of preferences', async () => {
  const limit = 3
  expect(await evaluated(toy.dpo(policy).pairs, { limit })).toEqual(
    await evaluated(toy.ppo(policy, policy).prompts, { limit }),
  )
})

it('scores each answer, and measures its KL, alike whatever the order of the prompts', async () => {
  const fewSteps = toy.elsewhere(toy.pretrain({ steps: 1 }), 'few-steps')
  const policies = { base: lastCheckpoint(await runToyJob(fewSteps)), tuned: policy }
  // Greedy: what is drawn depends on the number of the prompt.
  const sampling = { maxTokens: 4, temperature: 0 }
  const asked = { policies, baseline: 'base', reward: rewardModel, sampling }
  const file = path.join(toy.dir, 'mixed.jsonl')
  const answersOf = async (contents: string[]) => {
    const rows = contents.map((content) => ({ messages: [{ role: 'user', content }] }))
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return (await evaluated(file, asked)).map(({ completions }) => completions.tuned)
  }
  // More than are measured in one call, in no order of their lengths.
  const words = 'say up no ha oh we so say ha up no we'
  const contents = Array.from({ length: 17 }, (_, i) => words.slice(0, 2 + 2 * ((i * 7) % 17)))
  const inOrder = await answersOf(contents)
  expect(new Set(inOrder.map((answer) => `${answer?.score?.toFixed(3)} ${answer?.kl?.toFixed(3)}`)).size).toBe(17)
  const reversed = (await answersOf(contents.toReversed())).toReversed()
  for (const [index, answer] of inOrder.entries()) {
    expect(answer?.text).toBe(reversed[index]?.text)
    expect(answer?.score).toBeCloseTo(reversed[index]?.score ?? Number.NaN, 4)
    expect(answer?.kl).toBeCloseTo(reversed[index]?.kl ?? Number.NaN, 4)
  }
})
