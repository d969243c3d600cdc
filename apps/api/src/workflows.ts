import { TemperError } from '@temper/db/contracts'
import { stageWorkflowId, taskQueues, workflowSignals, workflowTypes } from '@temper/db/contracts/workflows'
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
  startGeneration(generationId: string): Promise<void>
  /** One that is over is no error. */
  cancelGeneration(generationId: string): Promise<void>
  close(): Promise<void>
}

const callTimeoutMs = 10_000

/** Connects at the first call. */
export function connectWorkflows(address: string): Workflows {
  const connection = Connection.lazy({ address, connectTimeout: callTimeoutMs })
  const { workflow } = new Client({ connection })
  const call = <T>(work: () => Promise<T>): Promise<T> =>
    connection.withDeadline(Date.now() + callTimeoutMs, work).catch((error: unknown) => {
      throw toTemper(error, address)
    })
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
  return {
    startRun: (runId) => start(workflowTypes.pipeline, runId, { runId }),
    pauseRun: (runId) => signal(runId, workflowSignals.pause),
    resumeRun: (runId) => signal(runId, workflowSignals.resume),
    cancelRun: cancel,
    skipWaiting: (runId, stage) => signal(runId, workflowSignals.skipWaiting, { stage }),
    votesArrived: (runId, stage) => signal(stageWorkflowId(runId, stage), workflowSignals.votesArrived),
    startGeneration: (generationId) => start(workflowTypes.generation, generationId, { generationId }),
    cancelGeneration: (generationId) =>
      cancel(generationId).catch((error: unknown) => {
        // It ended by itself a moment ago.
        if (!(error instanceof TemperError) || error.code !== 'conflict') throw error
      }),
    close: () => connection.close(),
  }
}

function toTemper(error: unknown, address: string): TemperError {
  if (error instanceof WorkflowNotFoundError) {
    return new TemperError('conflict', `the workflow '${error.workflowId}' is over`, { cause: error })
  }
  const reason = isGrpcServiceError(error) ? error.details : error instanceof Error ? error.message : String(error)
  return new TemperError('unavailable', `Temporal at ${address} does not answer: ${reason}`, { cause: error })
}
