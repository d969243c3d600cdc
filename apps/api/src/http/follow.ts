import type { Notifications } from '@temper/db/queries'
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { Logger } from 'pino'
import type { Env } from '../dependencies.ts'

const heartbeatMs = 15_000

export interface Followed {
  /** What notifications name. */
  id: string
  notifications: Notifications
  log: Logger
  /** Rows with a number above `after`, in order; at most some hundreds at once. */
  read(after: number): Promise<{ sequence: number; document: unknown }[]>
  /** True for a document after which nothing comes. */
  isLast?(document: unknown): boolean
}

/**
 * Answers with server-sent events: first all rows after `Last-Event-ID` (or `?after=`), then new ones as they come.
 * Numbers are the ids of the events, so a reader that lost the connection misses nothing and sees nothing twice.
 */
export function follow(c: Context<Env>, followed: Followed): Response {
  const start = Number.parseInt(c.req.header('Last-Event-ID') ?? c.req.query('after') ?? '0', 10)
  // Passing proxies must not collect the stream.
  c.header('X-Accel-Buffering', 'no')
  const work = async (stream: SSEStreamingApi) => {
    const waiter = new Waiter()
    const unsubscribe = followed.notifications.subscribe(followed.id, () => waiter.wake())
    stream.onAbort(() => waiter.wake())
    try {
      await send(stream, followed, Number.isNaN(start) ? 0 : start, waiter)
    } finally {
      unsubscribe()
    }
  }
  // The stream ends, and its reader comes back with the last number it has seen.
  return streamSSE(c, work, async (error) => {
    followed.log.warn({ requestId: c.get('requestId'), err: error }, 'a stream broke off')
  })
}

async function send(stream: SSEStreamingApi, followed: Followed, start: number, waiter: Waiter): Promise<void> {
  let after = start
  while (!stream.aborted) {
    // Taken before the read: a row that comes during it wakes the wait after it.
    const woken = waiter.next()
    const rows = await followed.read(after)
    for (const { sequence, document } of rows) {
      await stream.writeSSE({ id: String(sequence), data: JSON.stringify(document) })
      after = sequence
      if (followed.isLast?.(document)) return
    }
    if (rows.length > 0) continue
    const isWoken = await woken.within(heartbeatMs)
    if (!isWoken && !stream.aborted) await stream.write(': heartbeat\n\n')
  }
}

/** Lets one reader sleep until somebody wakes it, or a time has passed. */
class Waiter {
  private resolve: () => void = () => undefined

  /** A wait that begins now: it is over at once if `wake` was called since. */
  next(): { within(ms: number): Promise<boolean> } {
    const woken = new Promise<true>((resolve) => {
      this.resolve = () => resolve(true)
    })
    return {
      within: async (ms) => {
        let timer: NodeJS.Timeout | undefined
        const late = new Promise<false>((resolve) => {
          timer = setTimeout(resolve, ms, false)
        })
        return Promise.race([woken, late]).finally(() => clearTimeout(timer))
      },
    }
  }

  wake(): void {
    this.resolve()
  }
}
