import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type CompletionEvent, type CompletionOrder, completionOrderSchema, toTemperError } from '@temper/db/contracts'

/** Answers an order by sending its events; `signal` comes when nobody listens any more. What it throws is sent as `refused`. */
export type AnswerOrder = (
  order: CompletionOrder,
  send: (event: CompletionEvent) => void,
  signal: AbortSignal,
) => Promise<void>

export interface CompletionServer {
  url: string
  /** What callers show as `Authorization: Bearer …`. */
  token: string
  /** For how long nothing was asked; 0 while something is being answered. */
  idleMs(): number
  /** Takes no more orders, and waits for those under way. */
  drain(): Promise<void>
}

/** A line without a document, so that nobody takes a long silence for a lost connection. */
const blankLineMs = 15_000

/** Opens `POST /completions` on a free port of `host`: an order in, a line of JSON an event out. */
export async function openCompletionServer(host: string, answer: AnswerOrder): Promise<CompletionServer> {
  const token = randomBytes(32).toString('base64url')
  const underWay = new Set<Promise<void>>()
  let lastUsedAtMs = Date.now()
  const server = createServer((request, response) => {
    // A connection an order: one that breaks says which order nobody waits for.
    response.shouldKeepAlive = false
    if (!isAuthorized(request, token)) return void response.writeHead(401).end()
    if (request.method !== 'POST' || request.url !== '/completions') return void response.writeHead(404).end()
    const work = respond(request, response, answer).finally(() => {
      underWay.delete(work)
      lastUsedAtMs = Date.now()
    })
    underWay.add(work)
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    token,
    idleMs: () => (underWay.size > 0 ? 0 : Date.now() - lastUsedAtMs),
    async drain() {
      server.close()
      await Promise.all(underWay)
    },
  }
}

function isAuthorized({ headers }: IncomingMessage, token: string): boolean {
  const expected = Buffer.from(`Bearer ${token}`)
  const given = Buffer.from(headers.authorization ?? '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Never fails: whoever asked is told, or is gone. */
async function respond(request: IncomingMessage, response: ServerResponse, answer: AnswerOrder): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const send = (event: CompletionEvent) => void response.write(`${JSON.stringify(event)}\n`)
  const timer = setInterval(() => response.write('\n'), blankLineMs)
  let id = ''
  try {
    const order = completionOrderSchema.parse(JSON.parse(await text(request)))
    id = order.request.id
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).flushHeaders()
    await answer(order, send, gone.signal)
  } catch (thrown) {
    const { code, message, details } = toTemperError(thrown)
    send({ type: 'refused', id, code, message, details })
  } finally {
    clearInterval(timer)
    response.end()
  }
}
