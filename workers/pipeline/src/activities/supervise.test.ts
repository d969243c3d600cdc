import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { taskQueues } from '@temper/db/contracts/workflows'
import { Context } from '@temporalio/activity'
import { Client, type WorkflowHandle } from '@temporalio/client'
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestTemporal, type TestTemporal } from '../../../../tests/support/temporal.ts'
import { workflowBundle } from '../workers/workflow-bundle.ts'
import { asActivities } from './supervise.ts'

let temporal: TestTemporal
let connection: NativeConnection
let folder: string
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  temporal = await startTestTemporal()
  connection = await NativeConnection.connect({ address: temporal.address })
  folder = await mkdtemp(join(tmpdir(), 'temper-supervise-'))
})
afterAll(async () => {
  await connection.close()
  await temporal.stop()
  await rm(folder, { recursive: true })
})

/** Runs a workflow of one activity, which does what the test says, for as long as the test takes. */
async function withActivity(releaseCheckpoint: () => Promise<unknown>, test: (run: WorkflowHandle) => Promise<void>) {
  const bundle = { workflowBundle: await workflowBundle(folder) }
  const workflows = await Worker.create({ connection, taskQueue: taskQueues.pipeline, ...bundle })
  const cpu = await Worker.create({ connection, taskQueue: taskQueues.cpu, activities: { releaseCheckpoint } })
  const options = { taskQueue: taskQueues.pipeline, workflowId: crypto.randomUUID(), args: [{}] }
  const start = () => new Client({ connection }).workflow.start('releaseStageWorkflow', options)
  await workflows.runUntil(cpu.runUntil(async () => test(await start())))
}

const supervised = (run: () => Promise<unknown>) => asActivities({ run }).run
const failure = (code: string, message: string) => ({ cause: { cause: { type: code, message } } })

describe('an activity', () => {
  it('may fail so many times in one way, whatever other attempts failed of', async () => {
    const run = vi.fn().mockRejectedValue(new TemperError('internal', 'a bug'))
    run.mockRejectedValueOnce(new TemperError('unavailable', 'the database is away'))
    await withActivity(supervised(run), async (workflow) => {
      await expect(workflow.result()).rejects.toMatchObject(failure('internal', 'a bug'))
      expect(run).toHaveBeenCalledTimes(4)
    })
  })

  it('counts as lost while it has not said how it ended, and may be tried without end', async () => {
    let end = () => undefined as unknown
    const run = () => new Promise((resolve) => (end = () => resolve(undefined)))
    await withActivity(supervised(run), async (workflow) => {
      await vi.waitFor(async () => {
        const [pending] = (await workflow.describe()).raw.pendingActivities ?? []
        const [details] = pending?.heartbeatDetails?.payloads ?? []
        expect(pending?.maximumAttempts).toBe(0)
        expect(details && defaultPayloadConverter.fromPayload(details)).toEqual({ endings: { lost: 1 } })
      }, 20_000)
      end()
      await workflow.result()
    })
  })

  it('is not tried again after ten workers that were lost with it', async () => {
    const run = vi.fn()
    const attempt = async () => {
      const { heartbeat, info } = Context.current()
      if (info.attempt > 1) return supervised(run)()
      heartbeat({ endings: { lost: 10 } })
      throw ApplicationFailure.create({ message: 'the tenth' })
    }
    await withActivity(attempt, async (workflow) => {
      const message = '10 workers stopped answering while they were at this'
      await expect(workflow.result()).rejects.toMatchObject(failure('unavailable', message))
      expect(run).not.toHaveBeenCalled()
    })
  })
})
