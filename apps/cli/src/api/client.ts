import { errorBodySchema, openaiRefusal, pageSchema, TemperError } from '@temper/db/contracts'
import type { z } from 'zod'
import type { Connection } from '../connection.ts'

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON unless it is bytes, or a stream of them. */
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** The HTTP API, its refusals as `TemperError`s. */
export class ApiClient {
  readonly url: string
  readonly #key: string

  constructor({ apiUrl, apiKey }: Connection) {
    this.url = apiUrl
    this.#key = apiKey
  }

  /** The answer itself. Throws the API's refusal, or `unavailable` where nothing answers. */
  async send(path: string, options: RequestOptions = {}): Promise<Response> {
    const { method = 'GET', body, signal } = options
    const isJson = body !== undefined && !(body instanceof Uint8Array) && !(body instanceof ReadableStream)
    const headers = {
      Authorization: `Bearer ${this.#key}`,
      ...(isJson ? { 'Content-Type': 'application/json' } : {}),
      ...options.headers,
    }
    const content = isJson ? JSON.stringify(body) : (body as Uint8Array<ArrayBuffer> | ReadableStream | undefined)
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      body: content,
      signal: signal ?? null,
      // Node's fetch asks for this where a body is a stream.
      ...{ duplex: 'half' },
    }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause
      throw new TemperError('unavailable', `nothing answers at ${this.url}; is the stack running? (npm start)`, {
        cause,
      })
    })
    if (!response.ok) throw await refusal(response)
    return response
  }

  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return parse(await this.send(path), schema)
  }

  async post<T>(path: string, body: unknown, schema: z.ZodType<T>, headers: Record<string, string> = {}): Promise<T> {
    return parse(await this.send(path, { method: 'POST', body, headers }), schema)
  }

  async list<T>(path: string, item: z.ZodType<T>): Promise<T[]> {
    const items: T[] = []
    for await (const next of this.all(path, item)) items.push(next)
    return items
  }

  /** All items of a list, page by page. */
  async *all<T>(path: string, item: z.ZodType<T>): AsyncGenerator<T> {
    const schema = pageSchema(item)
    let cursor: string | null = null
    do {
      const separator = path.includes('?') ? '&' : '?'
      const next: string = cursor === null ? path : `${path}${separator}cursor=${encodeURIComponent(cursor)}`
      const page: { items: T[]; nextCursor: string | null } = await this.get(next, schema)
      yield* page.items
      cursor = page.nextCursor
    } while (cursor !== null)
  }
}

async function parse<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await response.json())
  if (parsed.success) return parsed.data
  const message = `${response.url} answered what this version does not understand: ${parsed.error.message}`
  throw new TemperError('unsupported', message, { cause: parsed.error })
}

async function refusal(response: Response): Promise<TemperError> {
  const text = await response.text()
  const document = jsonOrText(text)
  const openais = openaiRefusal(document)
  if (openais) return openais
  const body = errorBodySchema.safeParse(document)
  if (body.success) return new TemperError(body.data.code, body.data.message, { details: body.data.details })
  return new TemperError(
    'unavailable',
    `${response.url} answered ${response.status}, not as the API does: ${text.slice(0, 200)}`,
  )
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
