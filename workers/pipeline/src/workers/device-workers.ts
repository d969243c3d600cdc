import { taskQueues } from '@temper/db/contracts'
import { type NativeConnection, Worker } from '@temporalio/worker'
import { createGenerateActivities, createTrainActivities, type EngineDependencies } from '../activities/index.ts'
import { maxHeartbeatThrottleInterval } from './pipeline-workers.ts'

/** The workers of one device: a training job and a generation at most, which take turns on it. */
export async function createDeviceWorkers(connection: NativeConnection, deps: EngineDependencies): Promise<Worker[]> {
  const shared = {
    connection,
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval,
    // A job that is told to stop writes a checkpoint first.
    shutdownForceTime: '2 minutes',
  } as const
  return Promise.all([
    Worker.create({ ...shared, taskQueue: taskQueues.train, activities: createTrainActivities(deps) }),
    Worker.create({ ...shared, taskQueue: taskQueues.generate, activities: createGenerateActivities(deps) }),
  ])
}
