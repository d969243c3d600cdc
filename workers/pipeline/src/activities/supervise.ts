import { TemperError } from '@temper/db/contracts'
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { nextStepAfterLoss } from '../workflows/next-step.ts'
import { type Endings, isSpent, type Legacy, legacyOf, withOne, without } from './endings.ts'
import { toActivityFailure } from './failure.ts'

type Activity = (input: never) => Promise<unknown>

/** How often an activity says that it lives; cancellations come back with the answer. */
const heartbeatMs = 1_000

/**
 * Makes activities heartbeat by themselves and fail in Temporal's terms. What they say while they live holds how the
 * earlier attempts ended, since Temporal counts attempts of every kind as one. `limits` has how often they may end in
 * one way, where that is not as usual.
 */
export function asActivities<T extends Record<string, Activity>>(functions: T, limits?: Endings): T {
  const wrapped = Object.entries(functions).map(([name, run]) => [name, supervise(run, limits)] as const)
  return Object.fromEntries(wrapped) as T
}

function supervise(run: Activity, limits: Endings | undefined): Activity {
  return async (input) => {
    const context = Context.current()
    const legacy = legacyOf(context.info.heartbeatDetails)
    legacies.set(context, legacy)
    // Stands unless this attempt comes to say how it ends.
    tell(context, { ...legacy, endings: withOne(legacy.endings, 'lost') })
    const timer = setInterval(() => tell(context, {}), heartbeatMs)
    try {
      requireSurvivors(legacy.endings, limits)
      return await run(input)
    } catch (thrown) {
      const cancelRequested = context.cancellationDetails?.cancelRequested ?? false
      const leaving = context.cancellationSignal.aborted && !cancelRequested
      const { endings: earlier } = legacy
      const failure = toActivityFailure(thrown, { earlier, limits, cancelRequested, leaving })
      if (failure instanceof ApplicationFailure)
        tell(context, { endings: withOne(earlier, failure.type ?? 'internal') })
      throw failure
    } finally {
      clearInterval(timer)
    }
  }
}

/** Work that ends every worker that takes it must end too. */
function requireSurvivors(earlier: Endings, limits: Endings | undefined): void {
  if (!isSpent(earlier, limits)) return
  const message = `${earlier.lost} attempts at this ended without a word: each was killed, or took longer than it may`
  throw new TemperError('unavailable', `${message}. ${nextStepAfterLoss}`, { details: { ...earlier } })
}

/** Of the attempts under way. */
const legacies = new WeakMap<Context, Legacy>()

const lastDetails = new WeakMap<Context, object>()

/** What is left out stays as it was said last. */
function tell(context: Context, details: object): void {
  context.heartbeat(note(context, details))
}

/** For the next heartbeat. Returns all that it will say. */
function note(context: Context, details: object): object {
  const all = { ...lastDetails.get(context), ...details }
  lastDetails.set(context, all)
  return all
}

/** Says how far the activity is, for people. Beside it stands how earlier attempts ended, which a retry counts. */
export function heartbeat(details: Record<string, number | string>): void {
  tell(Context.current(), details)
}

/**
 * Says how many bytes have come of what the activity fetches. More than ever before: whatever kept them away is over,
 * and the next outage has all its attempts.
 */
export function haveBytes(bytes: number): void {
  const context = Context.current()
  const legacy = legacies.get(context)
  if (legacy === undefined || bytes <= (legacy.bytes ?? 0)) return
  legacy.bytes = bytes
  legacy.endings = without(legacy.endings, 'unavailable')
  // With the next heartbeat only: bytes come many times a second.
  note(context, { bytes, endings: withOne(legacy.endings, 'lost') })
}
