import { TemperError } from '@temper/db/contracts'
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { type Endings, endingsOf, isSpent, withOne } from './endings.ts'
import { toActivityFailure } from './failure.ts'

type Activity = (input: never) => Promise<unknown>

/** How often an activity says that it lives; cancellations come back with the answer. */
const heartbeatMs = 1_000

/**
 * Makes activities heartbeat by themselves and fail in Temporal's terms. What they say while they live holds how the
 * earlier attempts ended, since Temporal counts attempts of every kind as one.
 */
export function asActivities<T extends Record<string, Activity>>(functions: T): T {
  const wrapped = Object.entries(functions).map(([name, run]) => [name, supervise(run)] as const)
  return Object.fromEntries(wrapped) as T
}

function supervise(run: Activity): Activity {
  return async (input) => {
    const context = Context.current()
    const earlier = endingsOf(context.info.heartbeatDetails)
    // Stands unless this attempt comes to say how it ends.
    tell(context, { endings: withOne(earlier, 'lost') })
    const timer = setInterval(() => tell(context, {}), heartbeatMs)
    try {
      requireSurvivors(earlier)
      return await run(input)
    } catch (thrown) {
      const cancelRequested = context.cancellationDetails?.cancelRequested ?? false
      const leaving = context.cancellationSignal.aborted && !cancelRequested
      const failure = toActivityFailure(thrown, { earlier, cancelRequested, leaving })
      if (failure instanceof ApplicationFailure)
        tell(context, { endings: withOne(earlier, failure.type ?? 'internal') })
      throw failure
    } finally {
      clearInterval(timer)
    }
  }
}

/** Work that ends every worker that takes it must end too. */
function requireSurvivors(earlier: Endings): void {
  if (!isSpent(earlier)) return
  throw new TemperError('unavailable', `${earlier.lost} workers stopped answering while they were at this`, {
    details: { ...earlier },
  })
}

const lastDetails = new WeakMap<Context, object>()

/** What is left out stays as it was said last. */
function tell(context: Context, details: object): void {
  const all = { ...lastDetails.get(context), ...details }
  lastDetails.set(context, all)
  context.heartbeat(all)
}

/** Says how far the activity is, for people. Beside it stands how earlier attempts ended, which a retry counts. */
export function heartbeat(details: Record<string, number | string>): void {
  tell(Context.current(), details)
}
