import type { Failure } from '@temper/db/contracts'
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow'
import { nextStepAfterLoss } from './next-step.ts'

/** What people read about a failed workflow or activity: the innermost cause that Temper itself reported. */
export function describeFailure(thrown: unknown): Failure {
  const cause = innermost(thrown)
  if (cause instanceof ApplicationFailure) {
    const [details] = (cause.details ?? []) as Failure['details'][]
    return { code: cause.type ?? 'internal', message: cause.message, details: details ?? {} }
  }
  if (cause instanceof TimeoutFailure) {
    const message = 'The last attempt at this ended without a word: it was killed, or took longer than it may'
    return { code: 'unavailable', message: `${message}. ${nextStepAfterLoss}`, details: { timeout: cause.timeoutType } }
  }
  return { code: 'internal', message: cause instanceof Error ? cause.message : String(cause), details: {} }
}

function innermost(thrown: unknown): unknown {
  const wraps = thrown instanceof ActivityFailure || thrown instanceof ChildWorkflowFailure
  return wraps && thrown.cause ? innermost(thrown.cause) : thrown
}
