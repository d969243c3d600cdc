import type { ErrorBody } from '@temper/db/contracts'
import { serverEnvironment } from '#lib/environment.ts'

/**
 * Passes `/v1/…` on to the API, so that the browser talks to one origin. Both bodies are streamed: events arrive as
 * they happen, and checkpoints of any size go through without being held.
 */
async function pass(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const target = new URL(pathname + search, serverEnvironment().TEMPER_API_URL)
  try {
    const response = await fetch(target, {
      method: request.method,
      headers: requestHeaders(request),
      body: request.body,
      redirect: 'manual',
      cache: 'no-store',
      signal: request.signal,
      // Node's fetch asks for this where a body is a stream.
      ...{ duplex: 'half' },
    })
    return new Response(response.body, { status: response.status, headers: responseHeaders(response) })
  } catch (cause) {
    if (request.signal.aborted) return new Response(null, { status: 499 })
    return Response.json(unreachable(cause), { status: 503 })
  }
}

/** Headers that speak of one connection only, which is not the next one. */
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'host', 'expect']

function requestHeaders(request: Request): Headers {
  const headers = new Headers(request.headers)
  for (const name of [...hopByHop, 'content-length']) headers.delete(name)
  // fetch would undo a compression and leave its header behind.
  headers.set('accept-encoding', 'identity')
  return headers
}

function responseHeaders(response: Response): Headers {
  const headers = new Headers(response.headers)
  for (const name of hopByHop) headers.delete(name)
  return headers
}

function unreachable(cause: unknown): ErrorBody {
  const reason = cause instanceof Error ? String(cause.cause ?? cause.message) : String(cause)
  return {
    code: 'unavailable',
    message: 'The API does not answer',
    requestId: crypto.randomUUID(),
    details: { reason },
  }
}

export { pass as DELETE, pass as GET, pass as HEAD, pass as PATCH, pass as POST, pass as PUT }
export const dynamic = 'force-dynamic'
