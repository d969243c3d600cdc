import { fileURLToPath } from 'node:url'

/** Workflow types with a recorded history. */
export const recordedWorkflows = [
  'pipelineWorkflow',
  'trainingStageWorkflow',
  'preferencesStageWorkflow',
  'evaluateStageWorkflow',
  'releaseStageWorkflow',
  'serveWorkflow',
  'importWorkflow',
] as const
export type RecordedWorkflow = (typeof recordedWorkflows)[number]

export function historyFile(workflow: RecordedWorkflow): string {
  return fileURLToPath(new URL(`./histories/${workflow}.json`, import.meta.url))
}
