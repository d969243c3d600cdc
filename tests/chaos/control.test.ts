import { listEvents, type RunRecord } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyModel } from '../fixtures/tiny-model.ts'
import { numbersOf } from './run-numbers.ts'
import { startTestSystem, type TestSystem } from './test-system.ts'

const runOf = (stages: string) => `name: control\n${tinyModel}stages:${stages}`

let system: TestSystem
let finished: RunRecord
beforeAll(async () => {
  system = await startTestSystem()
})
afterAll(() => system.stop())

describe('a run with stages that fail', () => {
  it('loses only what depends on them, and says why', async () => {
    const runId = await system.startRun(
      runOf(`
  good: { type: pretrain, data: stories, steps: 4, rowLength: 32 }
  bad: { type: pretrain, data: stories, steps: 9, rowLength: 32, learningRate: 1.0e+30 }
  after-bad: { type: sft, from: bad, data: conversations }
  late:
    { type: preferences, from: good, prompts: requests, pairs: 2, sampling: { maxTokens: 4, temperature: 1 }, deadlineMinutes: 0.02 }
  release: { type: release, from: good, name: control }
`),
    )
    finished = await system.waitForEnd(runId)
    expect(Object.fromEntries(finished.stages.map(({ name, state }) => [name, state]))).toEqual({
      good: 'done',
      bad: 'failed',
      'after-bad': 'skipped',
      late: 'failed',
      release: 'done',
    })
    const failures = Object.fromEntries(finished.stages.map(({ name, failure }) => [name, failure?.code]))
    expect(failures).toMatchObject({ bad: 'non_finite', late: 'deadline_passed' })
    expect(finished.state).toBe('failed')
  })
})

describe('dpo stages on the same pairs', () => {
  it('compute the log-probs of their reference once, and end with the same weights', async () => {
    const dpo = 'type: dpo, from: start, preferences: votes, batchSize: 4, maxLength: 96, learningRate: 0.001'
    const runId = await system.startRun(
      runOf(`
  base: { type: pretrain, data: stories, steps: 4, rowLength: 32 }
  start: { type: sft, from: base, data: { conversations: 1 }, epochs: 0.1, maxLength: 96, validation: 0.1 }
  votes:
    { type: preferences, from: start, prompts: requests, pairs: 12, sampling: { maxTokens: 8 }, simulated: { taste: stories } }
  one: { ${dpo}, loss: kto }
  two: { ${dpo}, loss: kto }
  other: { ${dpo}, loss: simpo, simpoGamma: 0.5, ties: half }
`),
    )
    expect((await system.waitForEnd(runId)).state).toBe('done')
    const events = await listEvents(system.db, runId, { kind: 'log' })
    const told = events.filter(({ message }) => message.startsWith('Log-probs of the reference'))
    expect(told.map(({ data }) => data.found).sort()).toEqual([false, true])
    const { weights } = await numbersOf(system.db, runId)
    expect(weights.one).toBe(weights.two)
    expect(weights.one).not.toBe(weights.other)
  })
})

describe('a cancelled run', () => {
  it('stops its training and says so', async () => {
    const runId = await system.startRun(
      runOf(
        '\n  long: { type: pretrain, data: stories, steps: 100000, rowLength: 32 }\n  next: { type: sft, from: long, data: conversations }',
      ),
    )
    await system.waitForRun(runId, 'training', ({ stages }) => (stages[0]?.step ?? 0) > 0)
    await system.client.workflow.getHandle(runId).cancel()
    const run = await system.waitForEnd(runId)
    expect(run.state).toBe('cancelled')
    expect(run.stages.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  })
})
