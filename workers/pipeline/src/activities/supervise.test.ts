import { TemperError } from '@temper/db/contracts'
import { Context } from '@temporalio/activity'
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ActivityRunner, startActivityRunner } from './fixtures/activity-runner.ts'
import { asActivities, haveBytes } from './supervise.ts'

let runner: ActivityRunner
beforeAll(async () => {
  runner = await startActivityRunner()
})
afterAll(() => runner.stop())

const supervised = (run: () => Promise<unknown>, limits = {}) => asActivities({ run }, limits).run
const failure = (code: string, message: string) => ({ cause: { cause: { type: code, message } } })

describe('an activity', () => {
  it('may fail so many times in one way, whatever other attempts failed of', async () => {
    const run = vi.fn().mockRejectedValue(new TemperError('internal', 'a bug'))
    run.mockRejectedValueOnce(new TemperError('unavailable', 'the database is away'))
    await runner.run(supervised(run), async (workflow) => {
      await expect(workflow.result()).rejects.toMatchObject(failure('internal', 'a bug'))
      expect(run).toHaveBeenCalledTimes(4)
    })
  })

  it('counts as lost while it has not said how it ended, and may be tried without end', async () => {
    let end = () => undefined as unknown
    const run = () => new Promise((resolve) => (end = () => resolve(undefined)))
    await runner.run(supervised(run), async (workflow) => {
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
    await runner.run(attempt, async (workflow) => {
      const message =
        '10 attempts at this ended without a word: each was killed, or took longer than it may. ' +
        "Look at the end of the pipeline's log and at the machine's memory, then start the run or the import again"
      await expect(workflow.result()).rejects.toMatchObject(failure('unavailable', message))
      expect(run).not.toHaveBeenCalled()
    })
  })

  it('has all its attempts again once more bytes have come than ever', async () => {
    const arrived = [0, 10, 20, 5, 20]
    const run = vi.fn(async () => {
      haveBytes(arrived[run.mock.calls.length - 1] ?? 0)
      throw new TemperError('unavailable', 'the network is away')
    })
    await runner.run(supervised(run, { unavailable: 3 }), async (workflow) => {
      await expect(workflow.result()).rejects.toMatchObject(failure('unavailable', 'the network is away'))
      expect(run).toHaveBeenCalledTimes(5)
    })
  })
})
