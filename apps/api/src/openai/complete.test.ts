import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type CompletionEvent, completionOrderSchema, type ErrorCode, newId } from '@temper/db/contracts'
import { findServer, heartbeatServer, removeServer } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startTestApi, type TestApi } from '../test-api.ts'
import { complete } from './complete.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.stop())

const orderOf = (request: object = {}) =>
  completionOrderSchema.parse({
    checkpoint: newId('checkpoint'),
    request: { id: 'r', prompt: { type: 'text', text: 'Once' }, sampling: {}, seed: 1, ...request },
  })

const started = { type: 'started', id: 'r', promptTokens: 1, precision: 'fp32' } as const
const refused = (code: ErrorCode) => ({ type: 'refused', id: 'r', code, message: 'refused', details: {} }) as const
const completed = { type: 'completed', id: 'r' } as const

/** A server of completions that the API finds, in place of a worker's; the newest is asked first. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const id = newId('key')
  const port = typeof address === 'object' ? address?.port : undefined
  await heartbeatServer(api.db, { id, url: `http://127.0.0.1:${port}`, token: 'secret' })
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await removeServer(api.db, id)
  })
  return id
}

const answering =
  (...events: CompletionEvent[]): RequestListener =>
  (_, response) =>
    void response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))

/** Takes requests and says nothing, as where every slot is taken; `left` counts those whose connection was closed. */
function silent() {
  const counts = { taken: 0, left: 0 }
  const listener: RequestListener = (_, response) => {
    counts.taken++
    response.once('close', () => counts.left++)
    response.writeHead(200).flushHeaders()
  }
  return { counts, listener }
}

const ask = (order = orderOf(), { signal = new AbortController().signal, serverTimeoutMs = 60_000 } = {}) =>
  complete({ ...api, serverTimeoutMs }, order, signal)

async function typesOf(events: AsyncIterable<CompletionEvent>): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of events) types.push(type)
  return types
}

describe('a request for a completion', () => {
  it.each(['engine_failed', 'cancelled', 'unavailable'] as const)(
    'is tried once more where its server says %s before any answer',
    async (code) => {
      const sound = await serve(answering(started, completed))
      await serve(answering(refused(code)))
      expect(await typesOf(await ask())).toEqual(['started', 'completed'])
      expect((await findServer(api.db))?.id).toBe(sound)
    },
  )

  it('is not tried a third time', async () => {
    await serve(answering(started, completed))
    await serve(answering(refused('engine_failed')))
    await serve(answering(refused('engine_failed')))
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is refused for what it was refused for, by a server that stays', async () => {
    const id = await serve(answering(refused('invalid_input')))
    await expect(ask()).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await findServer(api.db))?.id).toBe(id)
  })

  it('leaves the server to others when its client goes away', async () => {
    const { counts, listener } = silent()
    const id = await serve(listener)
    const client = new AbortController()
    const left = expect(ask(orderOf(), { signal: client.signal })).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => counts.taken).toBe(1)
    client.abort()
    await left
    expect((await findServer(api.db))?.id).toBe(id)
  })

  it('is refused and withdrawn where its answer does not begin in time', async () => {
    const { counts, listener } = silent()
    const id = await serve(listener)
    await expect(ask(orderOf(), { serverTimeoutMs: 500 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the answer did not begin within 0.5 s; try again',
    })
    await expect.poll(() => counts).toEqual({ taken: 1, left: 1 })
    expect((await findServer(api.db))?.id).toBe(id)
  })

  it('may take as long as it takes once its answer has begun', async () => {
    const serverTimeoutMs = 1000
    let end = () => undefined as unknown
    await serve((_, response) => {
      response.write(`${JSON.stringify(started)}\n`)
      end = () => response.end(`${JSON.stringify(completed)}\n`)
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const events = await ask(orderOf(), { serverTimeoutMs })
    await vi.advanceTimersByTimeAsync(10 * serverTimeoutMs)
    end()
    expect(await typesOf(events)).toEqual(['started', 'completed'])
  })

  it('may be a beam search, which says nothing before its end: no time is set for it', async () => {
    const answer = answering(started, completed)
    await serve((request, response) => void setTimeout(() => answer(request, response), 50))
    const order = orderOf({ beams: { numBeams: 2, lengthPenalty: 1 } })
    expect(await typesOf(await ask(order, { serverTimeoutMs: 1 }))).toEqual(['started', 'completed'])
  })
})
