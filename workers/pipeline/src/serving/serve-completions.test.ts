import { type CompletionEvent, newId } from '@temper/db/contracts'
import { findServer } from '@temper/db/queries'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { EngineProcess } from '../engine-process/engine-process.ts'
import { never, scriptedEngine } from '../engine-process/fixtures/options.ts'
import { type ServingSettings, serveCompletions } from './serve-completions.ts'

let database: TestDatabase
let engine: EngineProcess
let running: Promise<void> | undefined
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())
beforeEach(async () => {
  engine = await EngineProcess.start(scriptedEngine)
})
afterEach(async () => {
  await engine.close()
  await running?.catch(() => undefined)
})

const patient: ServingSettings = { host: '127.0.0.1', idleSeconds: 60, yieldSeconds: 60, precision: 'fp32' }

type Settings = Partial<ServingSettings> & { wanted?: () => boolean; signal?: AbortSignal }

function start(settings: Settings): void {
  running = serveCompletions(engine, {
    ...patient,
    db: database.db,
    locate: async (id) => `/models/${id}`,
    wanted: () => false,
    signal: never,
    onError: () => undefined,
    ...settings,
  })
  running.catch(() => undefined)
}

/** Runs a server until it has an address. */
async function serve(settings: Settings = {}) {
  start(settings)
  return expect.poll(() => findServer(database.db), { timeout: 10_000 }).toBeDefined()
}

const request = (id: string, text: string) => ({
  id,
  prompt: { type: 'text', text },
  sampling: {},
  seed: 1,
})

async function post(id: string, text: string, init: RequestInit = {}): Promise<Response> {
  const server = await findServer(database.db)
  const body = JSON.stringify({ checkpoint: newId('checkpoint'), request: request(id, text) })
  const headers = { Authorization: `Bearer ${server?.token}` }
  return fetch(`${server?.url}/completions`, { method: 'POST', headers, body, ...init })
}

async function eventsOf(response: Response): Promise<CompletionEvent[]> {
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line))
}
/** What an answer ends with where nobody reads it: one that is no longer held may be hung up at any time. */
const hangUp = (response: Response) => response.body?.cancel()
const typesOf = async (response: Response) => (await eventsOf(response)).map(({ type }) => type)

describe('a server of completions', () => {
  it('answers several requests at once, each with its own events', async () => {
    await serve()
    const answers = await Promise.all(['one', 'two', 'three'].map(async (text) => eventsOf(await post(text, text))))
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      expect(answers[index]?.map(({ type }) => type)).toEqual(['started', 'delta', 'finished', 'completed'])
      expect(answers[index]?.[1]).toMatchObject({ id: text, text })
    }
  })

  it('serves in the precision that it is told', async () => {
    await serve({ precision: 'bf16' })
    expect((await eventsOf(await post('a', 'x')))[0]).toMatchObject({ type: 'started', precision: 'bf16' })
  })

  it('lets nobody in without its token', async () => {
    await serve()
    expect((await post('a', 'x', { headers: { Authorization: 'Bearer guess' } })).status).toBe(401)
  })

  it('refuses an order that is none, and an id that is in use', async () => {
    await serve()
    expect(await eventsOf(await post('a', 'x', { body: '{}' }))).toMatchObject([{ type: 'refused' }])
    const first = await post('a', 'say nothing')
    expect(await eventsOf(await post('a', 'x'))).toMatchObject([{ type: 'refused', code: 'conflict' }])
    await hangUp(first)
  })

  it('cancels what nobody listens to any more', async () => {
    await serve()
    const reader = new AbortController()
    await post('a', 'say nothing', { signal: reader.signal })
    reader.abort()
    // The id is free again once the engine has let go of the request.
    await expect.poll(async () => typesOf(await post('a', 'x'))).toContain('completed')
  })

  it('tells everybody at once when the engine dies, and is not offered any more', async () => {
    await serve()
    const waiting = await post('a', 'say nothing')
    process.kill(engine.pid, 'SIGKILL')
    expect((await eventsOf(waiting)).at(-1)).toMatchObject({ type: 'refused', id: 'a', code: 'engine_failed' })
    await expect(running).rejects.toMatchObject({ code: 'engine_failed' })
    expect(await findServer(database.db)).toBeUndefined()
  })

  it('ends when nobody asks, sooner where somebody waits for the device', async () => {
    start({ idleSeconds: 0.5 })
    await running
    expect(await findServer(database.db)).toBeUndefined()
    expect(engine.alive).toBe(true)
    let wanted = false
    await serve({ yieldSeconds: 0.1, wanted: () => wanted })
    wanted = true
    await running
  })

  it('ends for somebody who waits though it is asked again and again, once its pauses add up', async () => {
    await serve({ yieldSeconds: 2, wanted: () => true })
    let ended = false
    void running?.then(() => {
      ended = true
    })
    const askAgain = async () => {
      // The last one may find the server gone.
      await post('a', 'x').catch(() => undefined)
      return ended
    }
    await expect.poll(askAgain, { interval: 700, timeout: 30_000 }).toBe(true)
    expect(await findServer(database.db)).toBeUndefined()
  })

  it('does not end while it answers', async () => {
    let wanted = false
    await serve({ yieldSeconds: 0.1, wanted: () => wanted })
    const answer = await post('a', 'say nothing')
    wanted = true
    await expect(Promise.race([running, new Promise((resolve) => setTimeout(resolve, 1_500, 'serves'))])).resolves.toBe(
      'serves',
    )
    await hangUp(answer)
    await running
  })

  it('ends at once when it is told to', async () => {
    const stop = new AbortController()
    await serve({ signal: stop.signal })
    const waiting = await post('a', 'say nothing')
    stop.abort()
    expect((await eventsOf(waiting)).at(-1)).toMatchObject({ type: 'refused', code: 'cancelled' })
    await running
  })
})
