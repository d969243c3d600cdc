import { fileURLToPath } from 'node:url'
import { type StageType, TemperError } from '@temper/db/contracts'
import { taskQueues, workflowSignals, workflowTypes } from '@temper/db/contracts/workflows'
import { Context } from '@temporalio/activity'
import { Client, type WorkflowHandle } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestTemporal, type TestTemporal } from '../../../../tests/support/temporal.ts'
import { asActivities } from '../activities/supervise.ts'

let temporal: TestTemporal
let connection: NativeConnection
let workflowBundle: { code: string }
beforeAll(async () => {
  const logger = new DefaultLogger('ERROR')
  Runtime.install({ logger })
  temporal = await startTestTemporal()
  connection = await NativeConnection.connect({ address: temporal.address })
  const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: pathOf('./index.ts'),
    workflowInterceptorModules: [pathOf('./fixtures/hold-start.ts')],
    logger,
  })
})
afterAll(async () => {
  await connection.close()
  await temporal.stop()
})

const rest = async () => undefined
/** Activities of a run with one stage, with nothing behind them. */
const idle = (type: StageType) => ({
  beginRun: vi.fn(async () => ({ stages: [{ name: 'only', type, inputs: [] }], data: {} })),
  ...{ beginStage: vi.fn(rest), endStage: vi.fn(rest), endRun: vi.fn(rest), breakOffRun: vi.fn(rest) },
  ...{ markRunPaused: vi.fn(rest), markPaused: vi.fn(rest), releaseCheckpoint: vi.fn(rest) },
  /** Trains until it is told to stop. */
  runTrainingSegment: vi.fn(() => Context.current().cancelled),
})

/** Runs a pipeline with these activities for as long as the test takes. */
async function withRun(
  runId: string,
  activities: ReturnType<typeof idle>,
  test: (run: WorkflowHandle) => Promise<void>,
): Promise<void> {
  const shared = { connection, maxHeartbeatThrottleInterval: 100 }
  const workflows = await Worker.create({ connection, taskQueue: taskQueues.pipeline, workflowBundle })
  const create = (taskQueue: string) => Worker.create({ ...shared, taskQueue, activities: asActivities(activities) })
  const [cpu, train] = await Promise.all([create(taskQueues.cpu), create(taskQueues.train)])
  const { workflow } = new Client({ connection })
  const work = async () => {
    const options = { taskQueue: taskQueues.pipeline, workflowId: runId, args: [{ runId }] }
    await test(await workflow.start(workflowTypes.pipeline, options))
  }
  await workflows.runUntil(cpu.runUntil(train.runUntil(work)))
}

const soon = { timeout: 20_000 }
const called = (activity: ReturnType<typeof vi.fn>, times = 1) =>
  vi.waitFor(() => expect(activity.mock.calls.length).toBeGreaterThanOrEqual(times), soon)

describe('a run', () => {
  it('goes on to its end when it is paused while the end of a stage is written', async () => {
    const activities = idle('release')
    let write = () => undefined as unknown
    activities.endStage.mockImplementation(() => new Promise((resolve) => (write = () => resolve(undefined))))
    await withRun('run_ending', activities, async (run) => {
      await called(activities.endStage)
      await run.signal(workflowSignals.pause)
      await run.signal(workflowSignals.resume)
      await run.signal(workflowSignals.skipWaiting, { stage: 'only' })
      await called(activities.markRunPaused, 2)
      write()
      expect(await run.result()).toEqual({ paused: false, stages: { only: 'done' } })
    })
  })

  it('holds a stage that was being started when the pause came', async () => {
    const activities = idle('sft')
    await withRun('run_held', activities, async (run) => {
      await called(activities.runTrainingSegment)
      await run.signal(workflowSignals.pause)
      await called(activities.markPaused)
      await run.cancel()
      await run.result().catch(() => undefined)
    })
  })

  it('writes that it was cancelled while a pause could not be written', async () => {
    const activities = idle('sft')
    activities.markRunPaused.mockRejectedValue(new TemperError('unavailable', 'the database is away'))
    await withRun('run_cancelled', activities, async (run) => {
      await called(activities.runTrainingSegment)
      await run.signal(workflowSignals.pause)
      await called(activities.markRunPaused)
      await run.cancel()
      await run.result().catch(() => undefined)
      expect(activities.breakOffRun).toHaveBeenCalledWith({ runId: 'run_cancelled', failure: null })
    })
  })
})
