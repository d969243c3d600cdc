import { type TaskQueue, taskQueues } from '@temper/db/contracts'
import type { NativeConnection } from '@temporalio/worker'

const namespace = 'default'
/** The protocol's number for queues of activities. */
const activityQueue = 2
const deadlineMs = 5_000

/** Jobs that wait for an engine worker. */
export async function engineBacklog(connection: NativeConnection): Promise<number> {
  const counts = await Promise.all([taskQueues.train, taskQueues.generate].map((name) => backlogOf(connection, name)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function backlogOf(connection: NativeConnection, name: TaskQueue): Promise<number> {
  const request = { namespace, taskQueue: { name }, taskQueueType: activityQueue, reportStats: true }
  const { stats } = await connection.withDeadline(Date.now() + deadlineMs, () =>
    connection.workflowService.describeTaskQueue(request),
  )
  return Number(stats?.approximateBacklogCount ?? 0)
}
