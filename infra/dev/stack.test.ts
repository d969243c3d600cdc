import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { meSchema, runSchema } from '@temper/db/contracts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { identify } from '../setup/process-identity.mjs'
import { askApi } from './api-client.ts'
import { createQuickstartRun } from './demo.ts'
import { createTemporaryHome, removeHome } from './home.ts'
import { anyPorts } from './ports.ts'
import { type Stack, startStack } from './stack.ts'

const holder = fileURLToPath(new URL('fixtures/hold-stack.ts', import.meta.url))
const timeout = 180_000

let home: string
let stack: Stack | undefined

beforeEach(() => {
  home = createTemporaryHome()
})
afterEach(async () => {
  await stack?.stop()
  stack = undefined
  removeHome(home)
}, timeout)

const options = { ports: anyPorts, demo: false, workers: true, web: false, log: () => undefined }

describe('startStack', { timeout }, () => {
  test('gives an owner a key and a link, and goes on with both the key and the members after a second start', async () => {
    stack = await startStack({ home, ...options })
    const me = await askApi(stack, '/v1/me', meSchema)
    expect(me.role).toBe('owner')
    expect(stack.signInLink).toMatch(new RegExp(`^${stack.webUrl}/sign-in\\?token=`))
    expect(statSync(join(home, 'connection.json')).mode & 0o077).toBe(0)
    const { apiKey } = stack
    await stack.stop()
    stack = await startStack({ home, ...options })
    expect(stack.apiKey).toBe(apiKey)
    expect(await askApi(stack, '/v1/me', meSchema)).toEqual(me)
  })

  test('ends every part soon after its own process is killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', holder, home], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    const { apiKey, pids } = JSON.parse(line) as { apiKey: string; pids: number[] }
    expect(pids.filter(identify)).toEqual(pids)
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(pids.filter(identify)).toEqual([]), { timeout: 60_000 })
    stack = await startStack({ home, ...options })
    expect(stack.apiKey).toBe(apiKey)
  })

  test('offers the network what asks for a key, where it is told to, and nothing else', async () => {
    stack = await startStack({ home, ...options, workers: false, host: '0.0.0.0' })
    // What listens at all addresses is found at this one too.
    const elsewhere = (url: string) => fetch(url.replace('127.0.0.1', '127.0.0.2'))
    expect((await elsewhere(`${stack.apiUrl}/healthz`)).status).toBe(200)
    expect((await fetch(stack.temporalUiUrl)).status).toBe(200)
    const refused = { cause: { code: 'ECONNREFUSED' } }
    const databaseUrl = `http://127.0.0.1:${new URL(stack.databaseUrl).port}`
    for (const url of [stack.temporalUiUrl, `http://${stack.temporalAddress}`, databaseUrl]) {
      await expect(elsewhere(url), url).rejects.toMatchObject(refused)
    }
    // A page that is read elsewhere would lead to that machine's own 127.0.0.1.
    const runId = await createQuickstartRun(stack, { idempotencyKey: 'seen-elsewhere' })
    expect((await askApi(stack, `/v1/runs/${runId}`, runSchema)).temporalUrl).toBeNull()
  })

  test('stops what it has started when a part cannot start', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', 'nowhere')
    await expect(startStack({ home, ...options })).rejects.toMatchObject({ code: 'invalid_input' })
    vi.unstubAllEnvs()
    stack = await startStack({ home, ...options, workers: false })
  })
})
