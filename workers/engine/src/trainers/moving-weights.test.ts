import type { TrainingJob } from '@temper/db/contracts'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { TracedProgram } from '../tracing/index.ts'
import { lastCheckpoint, makeToy, runToyJob, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
let rewardModel: string

beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain({ steps: 4 })))
  rewardModel = lastCheckpoint(await runToyJob(toy.reward(policy, { epochs: 1 })))
})
afterAll(() => toy.remove())

/** Every weight of a job's program, and those that are no longer what they began as. */
async function weightsOf(job: TrainingJob) {
  const adding = vi.spyOn(TracedProgram.prototype, 'addVariables')
  await runToyJob(job)
  const [program] = adding.mock.contexts
  const began = Object.assign({}, ...adding.mock.calls.map(([specs]) => specs))
  adding.mockRestore()
  if (!(program instanceof TracedProgram)) throw new Error('a job has a program')
  const names = Object.keys(began).filter((name) => began[name].data)
  const now = await program.read(names)
  program.close()
  return {
    names,
    moved: names.filter((name) => began[name].data.some((value: number, i: number) => value !== now[name]?.[i])),
  }
}

it.each([
  ['pretrain', ['policy'], () => toy.pretrain({ steps: 2 })],
  ['sft', ['policy'], () => toy.sft(policy, { epochs: 1 })],
  ['reward', ['reward'], () => toy.reward(policy, { epochs: 1 })],
  ['dpo', ['policy'], () => toy.dpo(policy, { epochs: 1 })],
  ['ppo', ['policy', 'value'], () => toy.ppo(policy, rewardModel, { iterations: 1 })],
  ['grpo', ['policy'], () => toy.grpo(policy, rewardModel, { iterations: 1 })],
  ['rloo', ['policy'], () => toy.rloo(policy, rewardModel, { iterations: 1 })],
])('%s moves every weight of %s and no other', async (_type, trained, job) => {
  const { names, moved } = await weightsOf(job())
  const isTrained = (name: string) => trained.some((role) => name.startsWith(`${role}/`))
  expect(names.length).toBeGreaterThanOrEqual(20)
  expect(moved).toEqual(names.filter(isTrained))
})
