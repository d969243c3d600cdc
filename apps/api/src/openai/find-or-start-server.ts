import { TemperError } from '@temper/db/contracts'
import { type CompletionServerAddress, findServer, serversTopic } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'

/** A server that is ending takes the workflow's id until it has ended, so the start is tried again. */
const startEveryMs = 1_000

/**
 * The server that answers now, else a new one, once a worker has a device for it. Undefined where none comes in time.
 * @throws TemperError cancelled where the signal comes
 */
export async function findOrStartServer(
  { db, notifications, workflows }: Pick<Dependencies, 'db' | 'notifications' | 'workflows'>,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<CompletionServerAddress | undefined> {
  while (!signal.aborted) {
    let wake: () => void = () => undefined
    const woken = new Promise<void>((resolve) => {
      wake = resolve
    })
    const unsubscribe = notifications.subscribe(serversTopic, wake)
    const timer = setTimeout(wake, startEveryMs)
    try {
      const server = await findServer(db)
      if (server) return server
      if (Date.now() >= deadlineMs) return undefined
      await workflows.startServing()
      await woken
    } finally {
      clearTimeout(timer)
      unsubscribe()
    }
  }
  throw new TemperError('cancelled', 'nobody waits for the answer')
}
