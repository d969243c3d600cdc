import { taskQueues } from '@temper/db/contracts'
import { type NativeConnection, Worker } from '@temporalio/worker'
import { createCpuActivities, createImportActivities, type ImportDependencies } from '../activities/index.ts'
import { workflowBundle } from './workflow-bundle.ts'

/** Cancellations reach an activity with the answer to a heartbeat; this is how often one is sent at most. */
export const maxHeartbeatThrottleInterval = '1s'

/** The workers that are always there: workflows, and the activities that need no device. */
export async function createPipelineWorkers(
  connection: NativeConnection,
  deps: ImportDependencies,
  cacheDir: string,
): Promise<Worker[]> {
  const workflows = Worker.create({
    connection,
    taskQueue: taskQueues.pipeline,
    workflowBundle: await workflowBundle(cacheDir),
    // Workflows only wait and decide; one thread serves hundreds.
    workflowThreadPoolSize: 1,
    maxCachedWorkflows: 200,
  })
  const cpu = Worker.create({
    connection,
    taskQueue: taskQueues.cpu,
    activities: createCpuActivities(deps),
    maxConcurrentActivityTaskExecutions: 20,
    maxHeartbeatThrottleInterval,
  })
  const imports = Worker.create({
    connection,
    taskQueue: taskQueues.import,
    activities: createImportActivities(deps),
    // Each has a process of its own, with memory for two tensors.
    maxConcurrentActivityTaskExecutions: 2,
    maxHeartbeatThrottleInterval,
  })
  return Promise.all([workflows, cpu, imports])
}
