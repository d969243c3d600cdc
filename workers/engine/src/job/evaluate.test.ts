import path from 'node:path'
import { type EvaluationRow, evaluationRowSchema, jobSchema } from '@temper/db/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readRows } from '../data/index.ts'
import { lastCheckpoint, makeToy, runToyJob, type Toy } from '../trainers/toy.fixture.ts'

let toy: Toy
let policy: string
beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain({ steps: 1 })))
})
afterAll(() => toy.remove())

async function evaluated(prompts: string, limit?: number): Promise<EvaluationRow[]> {
  const output = path.join(toy.dir, 'evaluation.jsonl')
  const asked = { prompts, limit, policies: { model: policy }, baseline: 'model' }
  const job = jobSchema.parse({ type: 'evaluate', seed: 7, ...asked, sampling: { maxTokens: 4 }, output })
  const done = (await runToyJob(job)).at(-1)
  const rows = await readRows(output, evaluationRowSchema)
  expect(done).toMatchObject({ type: 'done', outcome: 'finished', result: { prompts: rows.length } })
  return rows
}

it('answers every prompt, or the first ones up to a limit', async () => {
  const { prompts } = toy.ppo(policy, policy)
  const promptsOf = (rows: EvaluationRow[]) => rows.map(({ prompt }) => prompt[0]?.content)
  const asked = ['say ha', 'say no', 'say oh', 'say we', 'say so', 'say up']
  expect(promptsOf(await evaluated(prompts))).toEqual(asked)
  expect(promptsOf(await evaluated(prompts, 2))).toEqual(asked.slice(0, 2))
})

it('asks the prompts of preferences', async () => {
  expect(await evaluated(toy.dpo(policy).pairs, 3)).toEqual(await evaluated(toy.ppo(policy, policy).prompts, 3))
})
