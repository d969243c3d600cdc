import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { datasetSchema, recipeSchema, runEventSchema } from '@temper/db/contracts'
import { appendEvent, createKey, createRun, ensureOwner } from '@temper/db/queries'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../tests/support/postgres.ts'

let database: TestDatabase
let folder: string
let parent: ChildProcess
let api: ChildProcess
let url: string
beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'temper-main-'))
  parent = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
  api = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), fileURLToPath(new URL('main.ts', import.meta.url))],
    {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: database.url,
        TEMPER_STORE: folder,
        TEMPER_API_PORT: '0',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        TEMPER_PARENT_PID: String(parent.pid),
        NODE_OPTIONS: '--max-old-space-size=128',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  url = await addressOf(api)
})
afterAll(async () => {
  parent.kill()
  api.kill()
  await database.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The API logs where it answers. */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the API has no output')
  for await (const line of createInterface({ input: stdout })) {
    const entry = JSON.parse(line)
    if (entry.url !== undefined) {
      stdout.resume()
      return entry.url
    }
  }
  throw new Error('the API ended before it answered')
}

it('answers, and streams events again after Postgres was restarted', async () => {
  const owner = await ensureOwner(database.db)
  const { secret } = await createKey(database.db, { memberId: owner.id, name: 'test', scopes: ['read'] })
  const recipe = recipeSchema.parse({
    name: 'tiny',
    model: { architecture: 'llama', tokenizer: { type: 'bpe', data: 'text' } },
    data: { text: { dataset: 'text' } },
    stages: { pretrain: { type: 'pretrain', data: 'text' } },
  })
  const { id } = await createRun(database.db, { recipe, recipeText: '', order: ['pretrain'] })
  const headers = { Authorization: `Bearer ${secret}` }
  // A stream breaks off with the connection to the database; its reader comes back.
  const messages: string[] = []
  const follow = async () => {
    while (messages.length === 0) await readMessages(`${url}/v1/runs/${id}/events`, headers, messages)
  }
  const reading = follow()
  await database.restart()
  const isHealthy = async () => expect((await fetch(`${url}/healthz`)).status).toBe(200)
  await vi.waitFor(isHealthy, { timeout: 60_000, interval: 100 })
  // This process has lost its connections too.
  const say = () => appendEvent(database.db, { runId: id, kind: 'log', message: 'after', key: 'after' })
  await vi.waitFor(say, { timeout: 60_000, interval: 100 })
  await reading
  expect(messages).toEqual(['after'])
})

it('takes a dataset of a hundred megabytes in little memory', async () => {
  const owner = await ensureOwner(database.db)
  const { secret } = await createKey(database.db, { memberId: owner.id, name: 'upload', scopes: ['write'] })
  const before = await peakBytes()
  const row = `${JSON.stringify({ prompt: 'Tell me all.', chosen: 'all '.repeat(500), rejected: 'nothing' })}\n`
  const piece = new TextEncoder().encode(row.repeat(500))
  const pieces = Math.ceil(100_000_000 / piece.length)
  const response = await fetch(`${url}/v1/datasets?name=large&file=large.jsonl`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${secret}` },
    body: Readable.toWeb(Readable.from(Array.from({ length: pieces }, () => piece))) as ReadableStream,
    duplex: 'half',
  })
  expect(datasetSchema.parse(await response.json())).toMatchObject({ rows: 500 * pieces, kind: 'preferences' })
  expect((await peakBytes()) - before).toBeLessThan(100_000_000)
})

it('ends soon after its parent is gone', async () => {
  const exited = once(api, 'exit')
  parent.kill('SIGKILL')
  expect((await exited)[0]).toBe(0)
})

/** The most memory that the API has had; 0 where the system does not tell. */
async function peakBytes(): Promise<number> {
  const status = `/proc/${api.pid}/status`
  if (!existsSync(status)) return 0
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(await readFile(status, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** Until a message is there, or the stream ends. */
async function readMessages(path: string, headers: Record<string, string>, messages: string[]): Promise<void> {
  const response = await fetch(path, { headers })
  if (!response.ok || response.body === null) return
  for await (const chunk of response.body) {
    for (const [, data] of new TextDecoder().decode(chunk).matchAll(/^data: (.*)$/gm)) {
      messages.push(runEventSchema.parse(JSON.parse(data ?? '')).message)
    }
    if (messages.length > 0) return
  }
}
