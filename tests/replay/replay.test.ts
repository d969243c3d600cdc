import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { beforeAll, describe, expect, it } from 'vitest'
import { historyFile, recordedWorkflows } from './histories.ts'

let workflowBundle: { code: string }
beforeAll(async () => {
  const logger = new DefaultLogger('ERROR')
  Runtime.install({ logger })
  const workflowsPath = fileURLToPath(import.meta.resolve('@temper/pipeline/workflows'))
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger })
})

describe('a recorded history', () => {
  it.each(recordedWorkflows)('of %s replays with the workflows of today', async (workflow) => {
    const history: unknown = JSON.parse(await readFile(historyFile(workflow), 'utf8'))
    await expect(Worker.runReplayHistory({ workflowBundle }, history)).resolves.toBeUndefined()
  })

  it('is refused where a workflow would decide otherwise', async () => {
    const json = await readFile(historyFile('releaseStageWorkflow'), 'utf8')
    const history: unknown = JSON.parse(json.replaceAll('releaseCheckpoint', 'anotherActivity'))
    await expect(Worker.runReplayHistory({ workflowBundle }, history)).rejects.toThrow(/[Nn]ondeterminism/)
  })
})
