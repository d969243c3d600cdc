import { afterAll, beforeAll, expect, it } from 'vitest'
import { readPrompts } from './read-prompts.ts'
import { type Start, startFromCheckpoint } from './start.ts'
import { lastCheckpoint, makeToy, runToyJob, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string
let start: Start
beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain({ steps: 1 })))
  start = await startFromCheckpoint(policy)
})
afterAll(() => toy.remove())

const promptsOf = async (settings: object, more: object = {}) => {
  const prompts = await readPrompts({ ...toy.ppo(policy, policy, settings), ...more }, start)
  return prompts.map(({ ids }) => ids)
}

it('takes prompts, or those of preferences', async () => {
  const prompts = await promptsOf({})
  expect(prompts).toHaveLength(6)
  expect(await promptsOf({}, { prompts: toy.dpo(policy).pairs })).toEqual(prompts)
})

it('cuts prompts at the left, to their longest length or to what the context leaves', async () => {
  const whole = await promptsOf({})
  const ends = (length: number) => whole.map((prompt) => prompt.slice(-length))
  expect(Math.min(...whole.map((prompt) => prompt.length))).toBeGreaterThan(5)
  expect(await promptsOf({ maxPromptLength: 5 })).toEqual(ends(5))
  expect(await promptsOf({ maxPromptLength: 40 })).toEqual(whole)
  // 4 of the 64 tokens of the context
  const sampling = { temperature: 1, maxTokens: 60 }
  expect(await promptsOf({ sampling })).toEqual(ends(4))
  expect(await promptsOf({ sampling, maxPromptLength: 5 })).toEqual(ends(4))
  expect(await promptsOf({ sampling, maxPromptLength: 3 })).toEqual(ends(3))
})

it('refuses a context without room, and a file without prompts', async () => {
  const sampling = { temperature: 1, maxTokens: 64 }
  await expect(promptsOf({ sampling })).rejects.toThrow('6 prompts, 0 tokens of the context beside maxTokens')
  await expect(promptsOf({}, { prompts: '/dev/null' })).rejects.toThrow('0 prompts, 52 tokens')
})
