import { workflowSignals } from '@temper/db/contracts'
import { getRun, listEvents, type RunRecord, readMetrics, voteCounts } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { numbersOf } from './run-numbers.ts'
import { startTestSystem, type TestSystem } from './test-system.ts'
import { tinyRecipe } from './tiny-recipe.ts'
import { castVotes } from './votes.ts'

let system: TestSystem
let undisturbed: string
let disturbed: string
let engineKilled: Promise<boolean>
beforeAll(async () => {
  system = await startTestSystem()
})
afterAll(() => system.stop())

const stageOf = (run: RunRecord, name: string) => run.stages.find((stage) => stage.name === name)
const isVoting = (run: RunRecord) => stageOf(run, 'preferences')?.status.startsWith('Waiting for votes') ?? false
const isAtStep = (run: RunRecord, name: string, step: number) => {
  const stage = stageOf(run, name)
  return stage?.state === 'running' && stage.step >= step && stage.step < stage.totalSteps
}
const resumedStages = async (runId: string) =>
  (await listEvents(system.db, runId, { kind: 'resumed' })).map((event) => event.stage)

/** One run left alone, and one that everything happens to; the tests follow it from stage to stage. */
describe('a run', () => {
  it('goes from random weights to a release', async () => {
    undisturbed = await system.startRun(tinyRecipe)
    await system.waitForRun(undisturbed, 'votes to be wanted', isVoting)
    await castVotes(system, undisturbed, 'preferences', 0)
    const run = await system.waitForEnd(undisturbed)
    expect(run.stages.map(({ name, state }) => `${name} ${state}`)).toEqual(
      run.stages.map(({ name }) => `${name} done`),
    )
    expect(await resumedStages(undisturbed)).toEqual([])
  })

  it('pauses at the next step and goes on', async () => {
    disturbed = await system.startRun(tinyRecipe)
    const workflow = system.client.workflow.getHandle(disturbed)
    await system.waitForRun(disturbed, 'fine-tuning', (run) => isAtStep(run, 'sft', 1))
    await workflow.signal(workflowSignals.pause)
    await system.waitForRun(disturbed, 'the pause', (run) => stageOf(run, 'sft')?.state === 'paused')
    expect((await getRun(system.db, disturbed)).state).toBe('paused')
    await workflow.signal(workflowSignals.resume)
    await system.waitForRun(disturbed, 'the end of the pause', (run) => run.state === 'running')
  })

  it('loses no vote to a restart of Temporal and Postgres while it waits for votes', async () => {
    await system.waitForRun(disturbed, 'votes to be wanted', isVoting)
    const before = await castVotes(system, disturbed, 'preferences', 0, 15)
    await Promise.all([system.services.restart('temporal'), system.services.restart('postgres')])
    expect((await voteCounts(system.db, disturbed, 'preferences')).votes).toBe(before)
    await castVotes(system, disturbed, 'preferences', before)
    const { votes, comparisons } = await voteCounts(system.db, disturbed, 'preferences')
    expect(votes).toBe(comparisons)
    await system.waitForRun(disturbed, 'judged pairs', (run) => stageOf(run, 'preferences')?.state === 'done')
  })

  it('survives kill -9 of the worker in the middle of DPO', async () => {
    // PPO may have its turn while DPO waits for another worker.
    engineKilled = system
      .waitForRun(disturbed, 'the middle of PPO', (run) => isAtStep(run, 'ppo', 3))
      .then(() => process.kill(system.enginePid(), 'SIGKILL'))
    await system.waitForRun(disturbed, 'the middle of DPO', (run) => isAtStep(run, 'dpo', 10))
    process.kill(await system.engineWorkerPid(), 'SIGKILL')
    await system.waitForRun(disturbed, 'the end of DPO', (run) => stageOf(run, 'dpo')?.state === 'done')
    expect(await resumedStages(disturbed)).toContain('dpo')
  })

  it('survives kill -9 of the engine in the middle of PPO', async () => {
    expect(await engineKilled).toBe(true)
    const run = await system.waitForEnd(disturbed)
    expect(run).toMatchObject({ state: 'done', failure: null })
    expect(await resumedStages(disturbed)).toContain('ppo')
  })

  it('ends with the numbers of the one that was left alone', async () => {
    const [expected, actual] = [await numbersOf(system.db, undisturbed), await numbersOf(system.db, disturbed)]
    expect(actual.weights).toEqual(expected.weights)
    expect(actual.metrics).toEqual(expected.metrics)
    expect(actual.evaluations).toEqual(expected.evaluations)
  })

  it('has every metric once', async () => {
    const points = await readMetrics(system.db, disturbed)
    const losses = points.filter(({ stage, name }) => stage === 'dpo' && name === 'loss').map(({ step }) => step)
    expect(losses).toEqual(losses.map((_, index) => index + 1))
    expect(new Set(points.map(({ stage, name, step }) => `${stage} ${name} ${step}`)).size).toBe(points.length)
  })
})
