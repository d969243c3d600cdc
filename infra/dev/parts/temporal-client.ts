import { Connection } from '@temporalio/client'

/** Protocol numbers of the two kinds of task queue. */
const queueTypes = { workflow: 1, activity: 2 } as const
/** gRPC: unavailable (14), deadline exceeded (4), and not found (5) until the namespace is registered. */
const notServingYet: readonly unknown[] = [14, 4, 5]
const deadlineMs = 2_000

/** Whether the server answers and knows the namespace `default`. */
export function hasNamespace(address: string): Promise<boolean> {
  return ask(address, async (service) => {
    await service.describeNamespace({ namespace: 'default' })
    return true
  })
}

/** Whether a worker has polled a task queue since a point in time. */
export function hasPoller(
  address: string,
  queue: string,
  type: keyof typeof queueTypes,
  sinceMs: number,
): Promise<boolean> {
  return ask(address, async (service) => {
    const request = { namespace: 'default', taskQueue: { name: queue }, taskQueueType: queueTypes[type] }
    const { pollers } = await service.describeTaskQueue(request)
    return pollers.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 >= sinceMs - 1000)
  })
}

/** False while the server does not serve. */
async function ask(
  address: string,
  question: (service: Connection['workflowService']) => Promise<boolean>,
): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: deadlineMs })
  try {
    return await connection.withDeadline(Date.now() + deadlineMs, () => question(connection.workflowService))
  } catch (error) {
    if (notServingYet.includes((error as { code?: unknown }).code)) return false
    throw error
  } finally {
    await connection.close()
  }
}
