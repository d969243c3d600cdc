import { TemperError } from '@temper/db/contracts'
import {
  serveWorkflowId,
  stageWorkflowId,
  taskQueues,
  workflowSignals,
  workflowTypes,
} from '@temper/db/contracts/workflows'
import {
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'

/** What the API asks of Temporal. Every function throws `unavailable` while Temporal does not answer. */
export interface Workflows {
  /** Starts the workflow of a run; one that is started already is no error. */
  startRun(runId: string): Promise<void>
  /** These throw `conflict` once the workflow is over. */
  pauseRun(runId: string): Promise<void>
  resumeRun(runId: string): Promise<void>
  cancelRun(runId: string): Promise<void>
  skipWaiting(runId: string, stage: string): Promise<void>
  votesArrived(runId: string, stage: string): Promise<void>
  /** Starts the server of completions; one that runs is no error. */
  startServing(): Promise<void>
  startImport(importId: string): Promise<void>
  /** One that is over is no error. */
  cancelImport(importId: string): Promise<void>
  /** Waits for calls under way. */
  close(): Promise<void>
}

/** Connects at the first call. A call that takes longer than `timeoutMs` has failed. */
export function connectWorkflows(address: string, timeoutMs = 5000): Workflows {
  const connection = Connection.lazy({ address, connectTimeout: timeoutMs })
  const { workflow } = new Client({ connection })
  const pending = new Set<Promise<unknown>>()
  const call = <T>(work: () => Promise<T>): Promise<T> => {
    const result = connection.withDeadline(Date.now() + timeoutMs, work).catch((error: unknown) => {
      throw toTemper(error, address)
    })
    pending.add(result)
    const forget = () => pending.delete(result)
    result.then(forget, forget)
    return result
  }
  const start = (type: string, id: string, argument: object) =>
    call(() =>
      workflow.start(type, { workflowId: id, taskQueue: taskQueues.pipeline, args: [argument] }).then(
        () => undefined,
        (error: unknown) => {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
        },
      ),
    )
  const signal = (id: string, name: string, ...args: unknown[]) =>
    call(() => workflow.getHandle(id).signal(name, ...args))
  const cancel = async (id: string) => {
    await call(() => workflow.getHandle(id).cancel())
  }
  const cancelUnlessOver = (id: string) =>
    cancel(id).catch((error: unknown) => {
      // It ended by itself a moment ago.
      if (!(error instanceof TemperError) || error.code !== 'conflict') throw error
    })
  return {
    startRun: (runId) => start(workflowTypes.pipeline, runId, { runId }),
    pauseRun: (runId) => signal(runId, workflowSignals.pause),
    resumeRun: (runId) => signal(runId, workflowSignals.resume),
    cancelRun: cancel,
    skipWaiting: (runId, stage) => signal(runId, workflowSignals.skipWaiting, { stage }),
    votesArrived: (runId, stage) => signal(stageWorkflowId(runId, stage), workflowSignals.votesArrived),
    startServing: () => start(workflowTypes.serve, serveWorkflowId, {}),
    startImport: (importId) => start(workflowTypes.import, importId, { importId }),
    cancelImport: cancelUnlessOver,
    async close() {
      // A call that is retried on a closed connection would throw where nobody catches.
      await Promise.allSettled(pending)
      await connection.close()
    },
  }
}

function toTemper(error: unknown, address: string): TemperError {
  if (error instanceof WorkflowNotFoundError) {
    return new TemperError('conflict', `the workflow '${error.workflowId}' is over`, { cause: error })
  }
  const reason = isGrpcServiceError(error) ? error.details : error instanceof Error ? error.message : String(error)
  return new TemperError('unavailable', `Temporal at ${address} does not answer: ${reason}`, { cause: error })
}
