import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubRepository {
  /** Content by path. */
  files: Record<string, string | Uint8Array>
  /** Commit by branch or tag; `main` has one anyway. */
  revisions?: Record<string, string>
  /** Only for whoever has this token. */
  token?: string
}

export interface TestHub {
  url: string
  /** `GET path` of each request for a file, with its range. */
  downloads: string[]
  /** Sends only so many bytes of the next file of this path, and breaks the connection at this moment. */
  breakOff: Map<string, { after: number; moment: Promise<void> }>
  /** Ends the next answer with a file of this path after so many bytes, without having told its length. */
  endEarly: Map<string, number>
  /** Sends these bytes in place of a file's. */
  corrupt: Map<string, string>
  stop(): Promise<void>
}

export const mainCommit = 'a'.repeat(40)

/** A Hugging Face Hub on this machine: the routes that lists, commits and downloads need. */
export async function startTestHub(repositories: Record<string, HubRepository>): Promise<TestHub> {
  const [downloads, breakOff, corrupt] = [[] as string[], new Map() as TestHub['breakOff'], new Map<string, string>()]
  const endEarly: TestHub['endEarly'] = new Map()
  const server = createServer((request, response) => answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    downloads,
    breakOff,
    endEarly,
    corrupt,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }

  function answer(request: IncomingMessage, response: ServerResponse): ServerResponse {
    const { pathname } = new URL(request.url ?? '', 'http://hub')
    const info = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(pathname)
    const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(pathname)
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname)
    const [, name = '', revision = '', path = ''] = info ?? tree ?? file ?? []
    const repository = repositories[name]
    if (!repository) return refuse(response, 404, 'Repository not found')
    const isAllowed = request.headers.authorization === `Bearer ${repository.token}`
    if (repository.token !== undefined && !isAllowed) {
      return refuse(response, request.headers.authorization ? 403 : 401, 'Access to this model is restricted')
    }
    const commit = { main: mainCommit, ...repository.revisions }[decodeURIComponent(revision)]
    if (info) return commit ? send(response, { id: name, sha: commit }) : refuse(response, 404, 'Invalid rev id')
    if (tree) return send(response, Object.entries(repository.files).map(entryOf))
    const content = repository.files[decodeURIComponent(path)]
    return content === undefined ? refuse(response, 404, 'Entry not found') : sendFile(path, bytesOf(content))

    function sendFile(wanted: string, whole: Buffer): ServerResponse {
      const { range } = request.headers
      downloads.push([wanted, range].filter(Boolean).join(' '))
      const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
      const bytes = bytesOf(corrupt.get(wanted) ?? whole).subarray(start)
      const ending = endEarly.get(wanted)
      endEarly.delete(wanted)
      const status = range === undefined ? 200 : 206
      if (ending !== undefined) return response.writeHead(status).end(bytes.subarray(0, ending))
      response.writeHead(status, { 'Content-Length': bytes.length })
      const cut = breakOff.get(wanted)
      if (cut === undefined) return response.end(bytes)
      breakOff.delete(wanted)
      response.write(bytes.subarray(0, cut.after))
      void cut.moment.then(() => response.destroy())
      return response
    }
  }
}

/** Large files have a sha256, small ones the name that Git gives them. */
function entryOf([path, content]: [string, string | Uint8Array]) {
  const bytes = bytesOf(content)
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const lfs = { oid: sha256, size: bytes.length, pointerSize: 130 }
  const isLarge = /\.(safetensors|gguf)$/.test(path)
  return { type: 'file', path, size: bytes.length, oid, ...(isLarge && { lfs }) }
}

function bytesOf(content: string | Uint8Array): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)
}

function send(response: ServerResponse, document: unknown): ServerResponse {
  return response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document))
}

function refuse(response: ServerResponse, status: number, error: string): ServerResponse {
  return response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error }))
}
