/**
 * Records a history of each workflow type from a real run: `npx tsx tests/replay/record.ts`. The run is paused once, and
 * simulated labelers, people and a skipped wait all take part, so that each kind of event is in some history.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { serveWorkflowId, stageWorkflowId, taskQueues, workflowSignals, workflowTypes } from '@temper/db/contracts'
import { getStage } from '@temper/db/queries'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { announced, bringModel, broughtFiles } from '../chaos/bring-model.ts'
import { startTestSystem, type TestSystem, waitFor } from '../chaos/test-system.ts'
import { tinyRecipe } from '../chaos/tiny-recipe.ts'
import { castVotes } from '../chaos/votes.ts'
import { historyFile, type RecordedWorkflow } from './histories.ts'

process.env.TEMPER_SERVE_IDLE_SECONDS = '1'
const system = await startTestSystem()
try {
  const runId = await recordRun(system)
  const { checkpointId } = await getStage(system.db, runId, 'sft')
  const importId = await bring(system, checkpointId ?? '')
  const recorded: Record<RecordedWorkflow, string> = {
    pipelineWorkflow: runId,
    trainingStageWorkflow: stageWorkflowId(runId, 'sft'),
    preferencesStageWorkflow: stageWorkflowId(runId, 'preferences'),
    evaluateStageWorkflow: stageWorkflowId(runId, 'evaluate'),
    releaseStageWorkflow: stageWorkflowId(runId, 'release'),
    serveWorkflow: await serve(system),
    importWorkflow: importId,
  }
  for (const [workflow, id] of Object.entries(recorded)) await record(system, workflow as RecordedWorkflow, id)
} finally {
  await system.stop()
}

async function recordRun({ client, db, startRun, waitForRun, waitForEnd }: TestSystem): Promise<string> {
  const simulated = 'minVotes: 45\n    simulated: { taste: stories, votesPerSecond: 40 }'
  const runId = await startRun(tinyRecipe.replace('heldOut:', `${simulated}\n    heldOut:`))
  const run = client.workflow.getHandle(runId)
  await waitForRun(runId, 'fine-tuning', ({ stages }) => stages.some((s) => s.name === 'sft' && s.state === 'running'))
  await run.signal(workflowSignals.pause)
  await waitForRun(runId, 'the pause', ({ stages }) => stages.some((s) => s.name === 'sft' && s.state === 'paused'))
  await run.signal(workflowSignals.resume)
  const votes = async () => (await getStage(db, runId, 'preferences')).step
  await waitFor('simulated votes', async () => ((await votes()) >= 40 ? true : undefined))
  await castVotes(system, runId, 'preferences', 0, 3)
  await waitFor('votes of people', async () => ((await votes()) >= 43 ? true : undefined))
  await run.signal(workflowSignals.skipWaiting, { stage: 'preferences' })
  await waitForEnd(runId)
  return runId
}

async function bring(system: TestSystem, checkpointId: string): Promise<string> {
  const files = await broughtFiles(system, checkpointId)
  const id = await bringModel(system, 'brought', announced(files), files)
  await system.client.workflow.getHandle(id).result()
  return id
}

/** A server that nobody asks. */
async function serve({ client }: TestSystem): Promise<string> {
  await client.workflow.execute(workflowTypes.serve, { taskQueue: taskQueues.pipeline, workflowId: serveWorkflowId })
  return serveWorkflowId
}

/** The name of the machine that recorded says nothing about the workflow. */
async function record({ client }: TestSystem, workflow: RecordedWorkflow, id: string): Promise<void> {
  const history = await client.workflow.getHandle(id).fetchHistory()
  const json = historyToJSON(history).replaceAll(hostname(), 'host')
  await mkdir(path.dirname(historyFile(workflow)), { recursive: true })
  await writeFile(historyFile(workflow), `${json}\n`)
  console.log(`${workflow}: ${history.events?.length} events`)
}
