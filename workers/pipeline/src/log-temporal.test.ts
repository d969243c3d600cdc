import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { startTestTemporal } from '../../../tests/support/temporal.ts'
import { logTemporalWith } from './log-temporal.ts'
import { workflowBundle } from './workers/workflow-bundle.ts'

it('says nothing of workers that have only workflows or only activities, and passes on other warnings', async () => {
  const lines: string[] = []
  logTemporalWith(pino({}, { write: (line) => lines.push(line) }))
  const temporal = await startTestTemporal()
  onTestFinished(() => temporal.stop())
  const folder = await mkdtemp(join(tmpdir(), 'temper-log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const workflows = { workflowBundle: await workflowBundle(folder) }
  const activities = { activities: { rest: async () => undefined } }
  const connection = await NativeConnection.connect({ address: temporal.address })
  for (const has of [workflows, activities]) {
    const worker = await Worker.create({ connection, taskQueue: 'any', ...has })
    await worker.runUntil(async () => Runtime.instance().logger.warn('the disk is full', { device: 1 }))
  }
  await connection.close()
  const warning = { level: 40, device: 1, msg: 'the disk is full' }
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([warning, warning])
})
