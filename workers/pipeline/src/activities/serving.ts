import { getCheckpoint } from '@temper/db/queries'
import { Context } from '@temporalio/activity'
import { serveCompletions } from '../serving/index.ts'
import type { EngineDependencies } from './dependencies.ts'
import { localCheckpoint } from './local-checkpoint.ts'

export function createServingActivities(deps: EngineDependencies) {
  const { db, device, serving } = deps
  return {
    /** Answers completions from this worker until nobody has asked for a while. */
    async serveCompletions(): Promise<void> {
      const { cancellationSignal: signal, log } = Context.current()
      const onError = (error: unknown) => log.warn('the server of completions could not say that it lives', { error })
      const folders = new Map<string, Promise<string>>()
      /** Requests that come together wait for the same copy; one that failed is made anew. */
      const locate = (id: string) => {
        const folder = folders.get(id) ?? getCheckpoint(db, id).then((checkpoint) => localCheckpoint(deps, checkpoint))
        folders.set(id, folder)
        folder.catch(() => folders.delete(id))
        return folder
      }
      const wanted = () => device.wanted
      await device.use(
        signal,
        (engine) => serveCompletions(engine, { ...serving, db, locate, wanted, signal, onError }),
        { urgent: true },
      )
    },
  }
}
