import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Role, Scope } from '@temper/db/contracts'
import { createKey, createMember, type Db, listenForNotifications, type Notifications } from '@temper/db/queries'
import { type ArtifactStore, openFolderStore } from '@temper/db/storage'
import { pino } from 'pino'
import { startTestDatabase } from '../../../tests/support/postgres.ts'
import { createApp } from './app.ts'
import { connectWorkflows, type Workflows } from './workflows.ts'

/** The API on real servers, for tests: requests go straight to the app, without a port. */
export interface TestApi {
  db: Db
  store: ArtifactStore
  notifications: Notifications
  workflows: Workflows
  /** For a server of its own. */
  fetch(request: Request): Response | Promise<Response>
  /** Every line that was logged. */
  logged: string[]
  /** A request with a key; `body` is sent as JSON unless it is bytes, a stream or a form. */
  request(path: string, options?: RequestOptions): Promise<Response>
  /** A member with a key of these scopes; all that the role has unless given. */
  join(role: Role, scopes?: Scope[]): Promise<{ memberId: string; secret: string }>
  stop(): Promise<void>
}

export interface RequestOptions {
  method?: string
  key?: string | undefined
  body?: unknown
  headers?: Record<string, string>
}

/** Without a Temporal address, Temporal does not answer, as one learns soon. */
export async function startTestApi(temporalAddress?: string): Promise<TestApi> {
  const database = await startTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'temper-api-'))
  const store = await openFolderStore(folder)
  const notifications = await listenForNotifications(database.sql)
  const workflows =
    temporalAddress === undefined ? connectWorkflows('127.0.0.1:1', 500) : connectWorkflows(temporalAddress)
  const logged: string[] = []
  const { db } = database
  const app = createApp({
    db,
    store,
    notifications,
    workflows,
    log: pino({ level: 'debug' }, { write: (line) => logged.push(line) }),
    webUrl: 'http://web.test',
    temporalUiUrl: 'http://temporal.test',
    recipesFolder: fileURLToPath(new URL('../../../recipes', import.meta.url)),
    modelBytes: 1024 * 1024,
    serverTimeoutMs: 60_000,
    uploadLimits: { sentBytes: 4 * 1024 * 1024, unpackedBytes: 16 * 1024 * 1024 },
  })
  return {
    db,
    store,
    notifications,
    workflows,
    logged,
    fetch: (request) => app.fetch(request),
    request: async (path, options = {}) => app.request(path, toInit(options)),
    async join(role, scopes = ['read', 'write', 'label', 'admin']) {
      const member = await createMember(db, { name: `The ${role}`, role })
      const { secret } = await createKey(db, { memberId: member.id, name: role, scopes })
      return { memberId: member.id, secret }
    },
    async stop() {
      await workflows.close()
      await notifications.close()
      await database.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function toInit({ method = 'GET', key, body, headers = {} }: RequestOptions): RequestInit {
  const access: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` }
  if (body === undefined || body instanceof Uint8Array || body instanceof FormData || body instanceof ReadableStream) {
    return { method, headers: { ...access, ...headers }, body: body as RequestInit['body'], duplex: 'half' }
  }
  const type = { 'Content-Type': 'application/json' }
  return { method, headers: { ...access, ...type, ...headers }, body: JSON.stringify(body) }
}
