import { stageWorkflowId, workflowSignals } from '@temper/db/contracts'
import { getStage, readMetrics, updateStage, voteCounts } from '@temper/db/queries'
import type { WorkflowHandle } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyModel } from '../fixtures/tiny-model.ts'
import { startTestSystem, type TestSystem, waitFor } from './test-system.ts'
import { castVotes } from './votes.ts'

/** A stage begins with fewer events than this; a pause and its end take more, and so do two rounds of votes. */
const temporalLimits = { 'limit.historyCount.suggestContinueAsNew': 20 }
/** So many that a fast processor is not done before the pause reaches it. */
const steps = 1_200
/** Twice as many as it takes: how many events a round has depends on what arrives together. */
const pairs = 8
const recipe = `name: long-history
${tinyModel}stages:
  train: { type: pretrain, data: stories, steps: ${steps}, batchSize: 4, rowLength: 32 }
  votes: { type: preferences, from: train, prompts: requests, pairs: ${pairs}, sampling: { temperature: 1, maxTokens: 4 } }
`

let system: TestSystem
let runId: string
beforeAll(async () => {
  system = await startTestSystem({ temporalLimits })
  runId = await system.startRun(recipe)
})
afterAll(() => system.stop())

const workflowOf = (stage: string) => system.client.workflow.getHandle(stageWorkflowId(runId, stage))
const historyOf = async (workflow: WorkflowHandle) => (await workflow.describe()).runId
const waitForStage = (name: string, what: string, done: (stage: { state: string; step: number }) => boolean) =>
  system.waitForRun(runId, what, ({ stages }) => stages.some((stage) => stage.name === name && done(stage)))

describe('a stage whose history grows long', () => {
  it('trains on in a new one, paused where the old one was', async () => {
    const workflow = workflowOf('train')
    await waitForStage('train', 'training', ({ step }) => step > 0)
    const first = await historyOf(workflow)
    await workflow.signal(workflowSignals.pause)
    await waitForStage('train', 'the pause', ({ state }) => state === 'paused')
    await endPauseAndPauseAgain(workflow)
    await waitFor('a new history', async () => ((await historyOf(workflow)) === first ? undefined : true))
    await waitForStage('train', 'the pause in the new history', ({ state }) => state === 'paused')
    expect((await getStage(system.db, runId, 'train')).step).toBeLessThan(steps)

    await workflow.signal(workflowSignals.resume)
    await waitForStage('train', 'the end of training', ({ state }) => state === 'done')
    const losses = await readMetrics(system.db, runId, { stage: 'train', names: ['loss'] })
    expect(losses.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, index) => index + 1))
  })

  it('waits on for votes in new ones, and counts each vote once', async () => {
    const histories = new Set<string>()
    await waitForStage('votes', 'pairs', ({ state }) => state === 'running')
    const opened = () => voteCounts(system.db, runId, 'votes')
    await waitFor('pairs', async () => ((await opened()).comparisons === pairs ? true : undefined))
    for (let votes = 1; votes <= pairs; votes++) {
      await castVotes(system, runId, 'votes', votes - 1, votes)
      await waitForStage('votes', `vote ${votes}`, ({ step }) => step === votes)
      histories.add(await historyOf(workflowOf('votes')))
    }
    expect(histories.size).toBeGreaterThan(2)
    expect((await system.waitForEnd(runId)).state).toBe('done')
    expect((await voteCounts(system.db, runId, 'votes')).votes).toBe(pairs)
  })
})

/** The next pause comes while the end of the one before is still being noted, which ends the history that is now long. */
async function endPauseAndPauseAgain(workflow: WorkflowHandle): Promise<void> {
  const isNoting = async () => {
    const { pendingActivities } = (await workflow.describe()).raw
    return pendingActivities?.some(({ activityType }) => activityType?.name === 'markResumed') ? true : undefined
  }
  await system.db.transaction(async (holding) => {
    // Whoever writes about the stage waits for the end of this transaction.
    await updateStage(holding, runId, 'train', { state: 'paused' })
    await workflow.signal(workflowSignals.resume)
    await waitFor('the end of the pause', isNoting)
    await workflow.signal(workflowSignals.pause)
  })
}
