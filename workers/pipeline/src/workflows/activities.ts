import { taskQueues } from '@temper/db/contracts/workflows'
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow'
import type { CpuActivities, GenerateActivities, ImportActivities, TrainActivities } from '../activities/index.ts'

/** A worker that dies is noticed after this. */
const heartbeatTimeout = '30s'

/** Rows and files. How often an attempt may end, and how, is up to the activities: a database is waited for, however long. */
export const cpu = proxyActivities<CpuActivities>({
  taskQueue: taskQueues.cpu,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500ms', maximumInterval: '20s' },
})

/** Engine jobs. There is no limit to how long one may wait for a device; a dead engine or worker is retried. */
export const train = proxyActivities<TrainActivities>({
  taskQueue: taskQueues.train,
  startToCloseTimeout: '24 hours',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/** A server that ends, however it ends, is started again when somebody asks; nothing limits how long it may be used. */
export const serve = proxyActivities<GenerateActivities>({
  taskQueue: taskQueues.generate,
  startToCloseTimeout: '365 days',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { maximumAttempts: 1 },
})

/**
 * Models on their way in: a fetch may take hours, and goes on where a lost worker left it. How often an attempt may end
 * is up to the activity: Temporal's count would not begin anew once bytes have come.
 */
export const importing = proxyActivities<ImportActivities>({
  taskQueue: taskQueues.import,
  startToCloseTimeout: '24 hours',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', maximumInterval: '1 minute' },
})
