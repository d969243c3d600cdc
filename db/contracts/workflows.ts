/**
 * Names by which the API and the workers meet at Temporal. Workflow code loads this file, so it imports nothing.
 */

/**
 * `pipeline` runs workflows, `cpu` data and statistics, `import` models on their way in; `train` and `generate` each take
 * one job at a time per device.
 */
export const taskQueues = {
  pipeline: 'pipeline',
  cpu: 'cpu',
  import: 'import',
  train: 'train',
  generate: 'generate',
} as const
export type TaskQueue = (typeof taskQueues)[keyof typeof taskQueues]

/** Workflow ids: a run's is the id of the run, an import's that of the import. */
export const workflowTypes = {
  pipeline: 'pipelineWorkflow',
  serve: 'serveWorkflow',
  import: 'importWorkflow',
} as const

/**
 * `pause` and `resume` (no argument) and `skipWaiting` ({stage}) go to the workflow of the run. `votesArrived` (no
 * argument) goes straight to the workflow of the stage, so that many votes never fill the history of the run.
 */
export const workflowSignals = {
  pause: 'pause',
  resume: 'resume',
  skipWaiting: 'skipWaiting',
  votesArrived: 'votesArrived',
} as const

/** There is one server of completions at a time, so its workflow has one id. */
export const serveWorkflowId = 'serve'

export function stageWorkflowId(runId: string, stage: string): string {
  return `${runId}.${stage}`
}
