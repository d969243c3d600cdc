import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { startTestApi, type TestApi } from '@temper/api/testing'
import { completionOrderSchema, type ModelImport, modelImportSchema, newId } from '@temper/db/contracts'
import {
  appendEvent,
  endImport,
  finishImport,
  heartbeatServer,
  listImports,
  registerCheckpoint,
  setRunState,
} from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestTemporal, type TestTemporal } from '../../../tests/support/temporal.ts'

const program = fileURLToPath(new URL('main.ts', import.meta.url))

let temporal: TestTemporal
let api: TestApi
let server: Server
let folder: string
let url: string
let key: string
beforeAll(async () => {
  temporal = await startTestTemporal()
  api = await startTestApi(temporal.address)
  key = (await api.join('owner')).secret
  server = serve({ fetch: api.fetch, hostname: '127.0.0.1', port: 0 }) as Server
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  folder = await mkdtemp(join(tmpdir(), 'temper-cli-'))
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await api.stop()
  await temporal.stop()
  await rm(folder, { recursive: true, force: true })
})

interface Ended {
  code: number | null
  out: string
  err: string
}

/** Runs the command as a process of its own, in an empty folder and with nothing of this environment but the path. */
async function temper(
  args: string[],
  environment: Record<string, string> = { TEMPER_URL: url, TEMPER_KEY: key },
  meanwhile: (child: ChildProcess) => Promise<void> = async () => undefined,
): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, ...environment }
  const loader = import.meta.resolve('tsx')
  const child = spawn(process.execPath, ['--import', loader, program, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  await meanwhile(child)
  const [out, err, [code]] = await ended
  return { code: code as number | null, out, err }
}

const temperJson = async (...args: string[]) => {
  const { code, out, err } = await temper([...args, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

async function fileOf(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content)
  return name
}

const recipe = `name: tiny
model: { architecture: llama, tokenizer: { type: bpe, data: text } }
data: { text: { generator: stories, kind: text, count: 10 } }
stages: { pretrain: { type: pretrain, data: text } }
`

describe('connecting', () => {
  it('says what to do where no API is known, and where none answers', async () => {
    const nowhere = await temper(['runs', 'list'], {})
    expect(nowhere).toMatchObject({ code: 3, out: '', err: expect.stringContaining('npm start') })
    const dead = await temper(['runs', 'list'], { TEMPER_URL: 'http://127.0.0.1:1', TEMPER_KEY: 'x' })
    expect(dead).toMatchObject({ code: 4, err: expect.stringContaining('nothing answers at http://127.0.0.1:1') })
  })

  it('keeps a login where only its owner can read it, and refuses a wrong key', async () => {
    expect(await temper(['login', '--url', url, '--key', 'wrong'], {})).toMatchObject({ code: 3 })
    expect(existsSync(join(folder, '.config/temper/connection.json'))).toBe(false)
    expect(await temper(['login', '--url', url, '--key', key], {})).toMatchObject({ code: 0, err: '' })
    expect((await stat(join(folder, '.config/temper/connection.json'))).mode & 0o777).toBe(0o600)
    expect(await temper(['runs', 'list', '--json'], {})).toEqual({ code: 0, out: '[]\n', err: '' })
    await rm(join(folder, '.config'), { recursive: true })
  })

  it('finds the stack of this folder', async () => {
    await mkdir(join(folder, '.temper'))
    await writeFile(join(folder, '.temper/connection.json'), JSON.stringify({ apiUrl: url, webUrl: url, apiKey: key }))
    expect(await temper(['workers'], {})).toEqual({ code: 0, out: 'none\n', err: '' })
    await rm(join(folder, '.temper'), { recursive: true })
  })
})

describe('usage', () => {
  it('is printed for every group, and wrong options are refused', async () => {
    expect(await temper(['--help'], {})).toMatchObject({ code: 0, out: expect.stringContaining('checkpoints') })
    expect(await temper(['runs', '--help'], {})).toMatchObject({
      code: 0,
      out: expect.stringContaining('skip-waiting'),
    })
    expect(await temper(['runs', 'list', '--jsn'])).toMatchObject({ code: 2, err: expect.stringContaining('--jsn') })
    expect(await temper(['runs', 'get'])).toMatchObject({ code: 2 })
    expect(await temper(['rnus'])).toMatchObject({ code: 2 })
  })
})

describe('models', () => {
  const config = JSON.stringify({ model_type: 'llama' })
  const files = {
    'config.json': config,
    'model.safetensors': 'weights',
    'tokenizer.json': '{}',
    'tokenizer_config.json': '{}',
    'README.md': '#',
    'optimizer.pt': 'no',
  }
  const folderOf = async (name: string, contents: Record<string, string> = files) => {
    await mkdir(join(folder, name))
    for (const [file, content] of Object.entries(contents)) await fileOf(join(name, file), content)
    return name
  }
  const named = async (name: string) =>
    (await listImports(api.db, { limit: 50 })).items.filter((item) => item.name === name)
  /** What a worker does once the import has begun. */
  const whenQueued = (name: string, act: (found: ModelImport) => Promise<unknown>) =>
    vi.waitFor(
      async () => {
        const found = (await named(name)).find(({ state }) => state === 'queued')
        if (found === undefined) throw new Error(`${name} is not queued yet`)
        await act(found)
        return found
      },
      { timeout: 30_000 },
    )
  const finish = (found: ModelImport) => {
    const origin = { runId: null, stage: null, stageType: 'import', step: 0, final: true, parents: [], data: [] }
    const model = { kind: 'policy' as const, architecture: 'llama', parameters: 1, metrics: {}, files: found.uploaded }
    return finishImport(api.db, found, { ...origin, ...model })
  }

  it('are sent from a folder, and said to be checkpoints once they are', async () => {
    const [ended, found] = await Promise.all([
      temper(['models', 'add', await folderOf('Tiny Llama')]),
      whenQueued('tiny-llama', finish),
    ])
    expect(found.uploaded.map(({ path }) => path)).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const { checkpointId } = (await named('tiny-llama'))[0] ?? {}
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining(`Added tiny-llama: ${checkpointId}`) })
    expect((await temper(['models', 'list'])).out).toContain(checkpointId)
  })

  it('that an interrupted command has sent in part are sent to the end', async () => {
    const path = await folderOf('again')
    const announced = {
      type: 'files',
      files: [
        { path: 'config.json', sizeBytes: config.length },
        { path: 'tokenizer.json', sizeBytes: 2 },
        { path: 'tokenizer_config.json', sizeBytes: 2 },
        { path: 'model.safetensors', sizeBytes: 7 },
      ],
    }
    const created = await api.request('/v1/imports', {
      method: 'POST',
      key,
      body: { name: 'again', source: announced },
    })
    const { id } = modelImportSchema.parse(await created.json())
    const bytes = new TextEncoder().encode(config)
    await api.request(`/v1/imports/${id}/files/config.json`, { method: 'PUT', key, body: bytes })
    const [ended] = await Promise.all([temper(['models', 'add', path, '--json']), whenQueued('again', finish)])
    const events = ended.out
      .trim()
      .split('\n')
      .map((line) => modelImportSchema.parse(JSON.parse(line)))
    expect(events.at(-1)).toMatchObject({ id, state: 'done' })
    expect(await named('again')).toHaveLength(1)
  })

  it('come from a Hub or by a short name, and what was wrong with one is said', async () => {
    const failure = { code: 'invalid_checkpoint', message: 'model.safetensors: tensor "x" is missing', details: {} }
    const [failed, found] = await Promise.all([
      temper(['models', 'add', 'own/Model', '--revision', 'v1', '--name', 'mine']),
      whenQueued('mine', ({ id }) => endImport(api.db, id, { state: 'failed', failure })),
    ])
    expect(found.source).toEqual({ type: 'hub', repository: 'own/Model', revision: 'v1' })
    expect(failed).toMatchObject({ code: 1, err: `temper: ${failure.message}\n` })
    const [added] = await Promise.all([
      temper(['models', 'add', 'smollm2-135m-instruct']),
      whenQueued('smollm2-135m-instruct', finish),
    ])
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('temper generate ckpt_') })
  })

  it('are stopped by Ctrl-C and by id', async () => {
    const stopped = temper(['models', 'add', 'own/other'], undefined, async (child) => {
      await whenQueued('other', async () => child.kill('SIGINT'))
    })
    expect(await stopped).toMatchObject({ code: 1, err: 'temper: stopped; nothing of other was kept\n' })
    const [{ id, state } = { id: '', state: '' }] = await named('other')
    expect(state).toBe('cancelled')
    expect(await temperJson('models', 'cancel', id)).toMatchObject({ id, state: 'cancelled' })
  })

  it('are refused before anything is sent', async () => {
    const pickle = await temper([
      'models',
      'add',
      await folderOf('old', { 'config.json': '{}', 'pytorch_model.bin': '' }),
    ])
    expect(pickle).toMatchObject({ code: 1, err: expect.stringContaining("from_pretrained('old')") })
    expect(await temper(['models', 'add', './nothing'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('owner/name'),
    })
    expect(await temper(['models', 'add', 'again', '--revision', 'v1'])).toMatchObject({ code: 2 })
    expect(await named('old')).toEqual([])
  })
})

describe('datasets', () => {
  it('are added, shown with rows, and refused with file and line', async () => {
    await fileOf('My pairs.jsonl', '{"prompt":"Hi","chosen":"Hello","rejected":"No"}\n')
    const added = await temperJson('datasets', 'add', 'My pairs.jsonl')
    expect(added).toMatchObject({ name: 'my-pairs', kind: 'preferences', rows: 1 })
    expect(await temperJson('datasets', 'get', 'my-pairs')).toMatchObject({
      id: added.id,
      preview: [{ chosen: 'Hello' }],
    })
    expect((await temper(['datasets', 'list'])).out).toContain('my-pairs')
    await fileOf('bad.jsonl', '{"prompt":"Hi","chosen":"Hello","rejected":"No"}\n{"prompt":"Hi"\n')
    const bad = await temper(['datasets', 'add', 'bad.jsonl'])
    expect(bad).toMatchObject({ code: 1, err: expect.stringContaining('bad.jsonl: line 2') })
    expect(await temper(['datasets', 'add', 'nothing.txt'])).toMatchObject({ code: 2 })
  })
})

describe('recipes', () => {
  it('are listed, shown, and checked with places', async () => {
    expect((await temper(['recipes', 'list'])).out).toContain('own-data')
    expect((await temper(['recipes', 'show', 'quickstart'])).out).toContain('name: quickstart')
    await fileOf('wrong.yaml', recipe.replace('architecture', 'architectur'))
    const checked = await temper(['recipes', 'validate', 'wrong.yaml'])
    expect(checked).toMatchObject({ code: 1, out: expect.stringContaining('wrong.yaml:2:10: unknown key') })
  })
})

describe('runs', () => {
  it('are created, listed, controlled, and watched to their end', async () => {
    await fileOf('tiny.yaml', recipe)
    const run = await temperJson('runs', 'create', 'tiny.yaml', '--seed', '7')
    expect(run).toMatchObject({ name: 'tiny', seed: 7, state: 'queued' })
    expect((await temper(['runs', 'get', run.id])).out).toContain('pretrain')
    expect(await temper(['runs', 'pause', run.id])).toMatchObject({ code: 0 })
    await appendEvent(api.db, { runId: run.id, kind: 'run', message: 'It began' })
    const watched = temper(['runs', 'watch', run.id])
    await appendEvent(api.db, { runId: run.id, stage: 'pretrain', kind: 'stage', message: 'It trains' })
    await setRunState(api.db, run.id, { state: 'done', status: 'All done' })
    const { code, out } = await watched
    expect([code, out.match(/It began|It trains|All done/g)]).toEqual([0, ['It began', 'It trains', 'All done']])
    expect((await temper(['runs', 'events', run.id])).out).toContain('pretrain  It trains')
    expect(await temperJson('runs', 'metrics', run.id)).toEqual([])
    expect(await temper(['runs', 'cancel', run.id])).toMatchObject({ code: 1, err: expect.stringContaining('is done') })
  })

  it('that failed fail the command that watches them', async () => {
    const { id } = await temperJson('runs', 'create', 'tiny.yaml')
    const failure = { code: 'out_of_memory', message: 'The engine ran out of memory', details: {} }
    await setRunState(api.db, id, { state: 'failed', status: 'Failed', failure })
    expect(await temper(['runs', 'watch', id])).toMatchObject({
      code: 1,
      err: 'temper: The engine ran out of memory\n',
    })
  })
})

describe('checkpoints', () => {
  it('are downloaded whole, and an interrupted download goes on', async () => {
    const weights = Buffer.from('0123456789'.repeat(100))
    const files = [{ path: 'model.safetensors', ...(await api.store.put(weights)) }]
    const fields = { kind: 'policy', stage: 'sft', stageType: 'sft', architecture: 'llama' } as const
    const { id } = await registerCheckpoint(api.db, {
      ...fields,
      id: newId('checkpoint'),
      runId: null,
      step: 1,
      final: true,
      parents: [],
      data: [],
      parameters: 10,
      metrics: {},
      files,
    })
    expect((await temper(['checkpoints', 'list'])).out).toContain(id)
    await mkdir(join(folder, 'model'))
    await writeFile(join(folder, 'model/model.safetensors.part'), weights.subarray(0, 333))
    expect(await temperJson('checkpoints', 'download', id, '--out', 'model')).toMatchObject({ folder: 'model' })
    expect((await readFile(join(folder, 'model/model.safetensors'))).equals(weights)).toBe(true)
    expect(existsSync(join(folder, 'model/model.safetensors.part'))).toBe(false)
    await writeFile(join(folder, 'model/model.safetensors'), 'spoilt')
    expect(await temper(['checkpoints', 'download', id, '--out', 'model'])).toMatchObject({ code: 0 })
    expect((await readFile(join(folder, 'model/model.safetensors'))).equals(weights)).toBe(true)

    const server = await answering('Once upon')
    const answer = await temper(['generate', id, 'Tell me a story', '--temperature', '0', '--max-tokens', '4'])
    const found = await temper(['generate', id, 'Tell me a story', '--beams', '3', '--length-penalty', '0.5'])
    const contradiction = await temper(['generate', id, 'Tell me a story', '--beams', '3', '--temperature', '1'])
    server.close()
    expect(answer).toMatchObject({ code: 0, out: expect.stringMatching(/^Once upon\n\n2 tokens, [\d.]+ a second\n$/) })
    expect(found).toMatchObject({ code: 0, out: 'Once upon\n\n2 tokens\n' })
    expect(contradiction).toMatchObject({ code: 2, err: expect.stringContaining('temperature contradicts') })
  })
})

describe('keys and members', () => {
  it('are made, listed and deleted', async () => {
    const made = await temperJson('keys', 'create', 'ci', '--scopes', 'read,label')
    expect(made).toMatchObject({ name: 'ci', scopes: ['read', 'label'], secret: expect.stringMatching(/^temper_key_/) })
    expect((await temper(['keys', 'list'])).out).toContain(made.id)
    expect(await temper(['keys', 'delete', made.id])).toMatchObject({ code: 0 })
    expect((await temperJson('members', 'invite', 'Bob')).link).toContain('/sign-in?token=')
  })
})

describe('labelling', () => {
  it('needs a terminal, and lists what waits without one', async () => {
    expect(await temper(['label'])).toMatchObject({ code: 2, err: expect.stringContaining('terminal') })
    expect(await temperJson('label')).toMatchObject({ comparisons: [] })
  })
})

/** A server of completions that says one thing. */
async function answering(text: string) {
  const reply = async (request: IncomingMessage, response: ServerResponse) => {
    const { id } = completionOrderSchema.parse(await json(request)).request
    const events = [
      { type: 'started', id, promptTokens: 3, precision: 'fp32' },
      { type: 'delta', id, index: 0, text, tokens: 2 },
      { type: 'finished', id, index: 0, reason: 'stop', tokens: 2 },
      { type: 'completed', id },
    ]
    response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  }
  const server = createServer((request, response) => void reply(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await heartbeatServer(api.db, { id: 'test', url: `http://127.0.0.1:${port}`, token: 'test' })
  return server
}
