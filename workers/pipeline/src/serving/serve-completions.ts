import { setTimeout as delay } from 'node:timers/promises'
import { type ServingPrecision, TemperError } from '@temper/db/contracts'
import type { Db } from '@temper/db/queries'
import type { EngineProcess } from '../engine-process/index.ts'
import { openCompletionServer } from './completion-server.ts'
import { registerServer } from './register-server.ts'
import { RequestsInFlight } from './requests-in-flight.ts'

export interface ServingSettings {
  /** Address of this machine by which the API reaches it. */
  host: string
  /** A server that nobody asks ends after this; */
  idleSeconds: number
  /** after this where somebody waits for the device, be it in all the pauses between requests since then. */
  yieldSeconds: number
  /** In which models are served. */
  precision: ServingPrecision
}

export interface Serving extends ServingSettings {
  db: Db
  /** Makes a checkpoint local; returns its folder. */
  locate: (checkpointId: string) => Promise<string>
  /** Whether somebody waits for the device. */
  wanted: () => boolean
  /** Ends the server at once. */
  signal: AbortSignal
  onError: (error: unknown) => void
}

/** Models that stay loaded, so that two can be compared. */
const models = 2
const lookMs = 500

/**
 * Answers completions with the engine until nobody has asked for a while, or until `signal`. The last thing that
 * happens before it takes no more requests is that it is no longer offered. Throws what the engine died of.
 */
export async function serveCompletions(engine: EngineProcess, serving: Serving): Promise<void> {
  const { db, locate, onError, signal, precision } = serving
  const requests = new RequestsInFlight(engine)
  const server = await openCompletionServer(serving.host, async ({ checkpoint, request }, send, gone) =>
    requests.ask(await locate(checkpoint), request, send, gone),
  )
  const idle = new AbortController()
  const job = engine.run(
    { type: 'serve', models, precision },
    { onEvent: (event) => requests.take(event), signal: AbortSignal.any([signal, idle.signal]) },
  )
  const over = new AbortController()
  const end = (error: unknown) => {
    requests.fail(error)
    over.abort()
  }
  job.then(() => end(new TemperError('cancelled', 'the server was stopped')), end)
  let unregister: (() => Promise<void>) | undefined
  try {
    unregister = await registerServer(db, server, onError)
    await untilUnused(server, serving, AbortSignal.any([signal, over.signal]))
  } finally {
    await unregister?.()
    await server.drain()
    idle.abort()
  }
  await job
}

/** Pauses add up while somebody waits: else one request now and then would keep the device for ever. */
async function untilUnused(
  server: { idleMs(): number },
  { idleSeconds, yieldSeconds, wanted }: Serving,
  signal: AbortSignal,
): Promise<void> {
  let pausesMs = 0
  const isUnused = () => {
    const idleMs = server.idleMs()
    pausesMs = wanted() ? pausesMs + Math.min(idleMs, lookMs) : 0
    const yields = wanted() && idleMs > 0 && Math.max(idleMs, pausesMs) >= 1000 * yieldSeconds
    return yields || idleMs >= 1000 * idleSeconds
  }
  while (!signal.aborted && !isUnused()) {
    // Over at once where the signal comes; the loop sees it.
    await delay(lookMs, undefined, { signal }).catch(() => undefined)
  }
}
