import { createHash } from 'node:crypto'
import { errorBodySchema, type ModelImport, modelImportSchema, newId, pageSchema } from '@temper/db/contracts'
import { endImport, finishImport, getImport, showImportProgress } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestTemporal, type TestTemporal } from '../../../../tests/support/temporal.ts'
import { startTestApi, type TestApi } from '../test-api.ts'

let temporal: TestTemporal
let api: TestApi
let key: string
beforeAll(async () => {
  temporal = await startTestTemporal()
  api = await startTestApi(temporal.address)
  key = (await api.join('member')).secret
})
afterAll(async () => {
  await api.stop()
  await temporal.stop()
})

const bytes = (text: string) => new TextEncoder().encode(text)
const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex')
const hub = { type: 'hub', repository: 'own/model' }
const files = (contents: Record<string, string>) => ({
  type: 'files',
  files: Object.entries(contents).map(([path, content]) => ({ path, sizeBytes: content.length })),
})
const add = (source: unknown, name = 'mine') =>
  api.request('/v1/imports', { method: 'POST', key, body: { name, source } })
const added = async (source: unknown) => modelImportSchema.parse(await (await add(source)).json())
const refusal = async (response: Response) => errorBodySchema.parse(await response.json())
const send = (id: string, name: string, content: string, query = '') =>
  api.request(`/v1/imports/${id}/files/${name}${query}`, { method: 'PUT', key, body: bytes(content) })
const get = async (id: string) =>
  modelImportSchema.parse(await (await api.request(`/v1/imports/${id}`, { key })).json())
const stored = (content: string) => api.store.sizeOf(sha256Of(content))

describe('adding a model', () => {
  it('from a Hub begins at once, and is listed', async () => {
    const response = await add({ ...hub, revision: 'v1', file: 'deep/q4.gguf' })
    expect(response.status).toBe(201)
    const created = modelImportSchema.parse(await response.json())
    expect(created).toMatchObject({ name: 'mine', state: 'queued', source: { revision: 'v1', file: 'deep/q4.gguf' } })
    const page = pageSchema(modelImportSchema).parse(await (await api.request('/v1/imports', { key })).json())
    expect(page.items[0]).toEqual(created)
    const uploading = await (await api.request('/v1/imports?state=uploading', { key })).json()
    expect(uploading).toMatchObject({ items: [] })
  })

  it.each([
    ['a repository that leads elsewhere', { ...hub, repository: '../model' }],
    ['a revision that leads elsewhere', { ...hub, revision: 'main/../../x' }],
    ['a path of this server', { type: 'folder', path: '/etc' }],
    ['a file name with a folder', files({ '../config.json': '{}' })],
    ['a hidden file', files({ '.env.json': '{}' })],
    ['code', files({ 'modeling_own.py': '' })],
    ['an unknown short name', { type: 'builtin', name: 'gpt-5' }],
    [
      'two files of one name',
      {
        type: 'files',
        files: [
          { path: 'a.json', sizeBytes: 1 },
          { path: 'a.json', sizeBytes: 2 },
        ],
      },
    ],
  ])('refuses %s', async (_, source) => {
    expect(await refusal(await add(source))).toMatchObject({ code: 'invalid_input' })
  })

  it('refuses pickle files, and says how to convert them', async () => {
    expect(await refusal(await add(files({ 'config.json': '{}', 'pytorch_model.bin': 'x' })))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining("from_pretrained('.').save_pretrained('converted')"),
    })
  })

  it('refuses files that are together too large, before they are sent', async () => {
    const source = { type: 'files', files: [{ path: 'model.safetensors', sizeBytes: 2 ** 21 }] }
    const response = await add(source)
    expect(response.status).toBe(413)
    expect(await refusal(response)).toMatchObject({ details: { sizeBytes: 2 ** 21, maxBytes: 2 ** 20 } })
  })
})

describe('sent files', () => {
  it('begin the import once they are all there', async () => {
    const { id, state } = await added(files({ 'config.json': '{}', 'model.safetensors': 'weights' }))
    expect(state).toBe('uploading')
    expect((await send(id, 'config.json', '{}')).status).toBe(200)
    const start = () => api.request(`/v1/imports/${id}/start`, { method: 'POST', key })
    expect(await refusal(await start())).toMatchObject({
      code: 'conflict',
      message: 'model.safetensors must be sent first',
    })
    const file = await (await send(id, 'model.safetensors', 'weights', `?sha256=${sha256Of('weights')}`)).json()
    expect(file).toEqual({ path: 'model.safetensors', sizeBytes: 7, sha256: sha256Of('weights') })
    expect(modelImportSchema.parse(await (await start()).json())).toMatchObject({ state: 'queued' })
    expect((await start()).status).toBe(200)
    expect(await refusal(await send(id, 'config.json', '{}'))).toMatchObject({ code: 'conflict' })
  })

  it('are refused with other bytes than announced, and nothing of them stays', async () => {
    const { id } = await added(files({ 'config.json': '12345' }))
    for (const [content, query] of [
      ['1234', ''],
      ['123456', ''],
      ['abcde', `?sha256=${sha256Of('12345')}`],
    ] as const) {
      expect(await refusal(await send(id, 'config.json', content, query))).toMatchObject({ code: 'invalid_input' })
      expect([content, await stored(content)]).toEqual([content, undefined])
    }
    expect(await refusal(await send(id, 'other.json', '12345'))).toMatchObject({
      code: 'invalid_input',
      message: 'other.json was not announced',
    })
    expect((await get(id)).uploaded).toEqual([])
  })

  it('are replaced by a repeat, and leave with a stopped import', async () => {
    const { id } = await added(files({ 'config.json': 'first' }))
    await send(id, 'config.json', 'first')
    await send(id, 'config.json', 'other')
    expect([await stored('first'), await stored('other')]).toEqual([undefined, 5])
    for (const _ of [1, 2]) {
      expect((await api.request(`/v1/imports/${id}`, { method: 'DELETE', key })).status).toBe(204)
    }
    expect(await get(id)).toMatchObject({ state: 'cancelled', uploaded: [] })
    expect(await stored('other')).toBeUndefined()
    expect(await refusal(await send(id, 'config.json', 'first'))).toMatchObject({ code: 'conflict' })
  })
})

describe('following an import', () => {
  const follow = async (id: string, after = 0) => {
    const response = await api.request(`/v1/imports/${id}/events`, { key, headers: { 'Last-Event-ID': `${after}` } })
    const text = await response.text()
    return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]): ModelImport => JSON.parse(data ?? ''))
  }

  it('shows how far it is, and ends with it', async () => {
    const { id } = await added(hub)
    const followed = follow(id)
    await showImportProgress(api.db, id, { phase: 'fetching', done: 1, total: 9 })
    const failure = { code: 'invalid_checkpoint', message: 'model.safetensors: no', details: { tensor: 'x' } }
    await endImport(api.db, id, { state: 'failed', failure })
    const states = (await followed).map(({ state }) => state)
    expect(states.at(-1)).toBe('failed')
    expect(await follow(id)).toEqual([await getImport(api.db, id)])
  })

  it('stops one that runs, and leaves one that is over as it is', async () => {
    const running = await added(hub)
    await api.request(`/v1/imports/${running.id}`, { method: 'DELETE', key })
    expect((await follow(running.id)).at(-1)).toMatchObject({ state: 'cancelled', failure: { code: 'cancelled' } })
    const created = await added(hub)
    const origin = { runId: null, stage: null, stageType: 'import', step: 0, final: true, parents: [], data: [] }
    const model = { kind: 'policy' as const, architecture: 'llama', parameters: 1, metrics: {}, files: [] }
    await finishImport(api.db, created, { ...origin, ...model })
    expect((await api.request(`/v1/imports/${created.id}`, { method: 'DELETE', key })).status).toBe(204)
    expect(await get(created.id)).toMatchObject({ state: 'done', checkpointId: expect.stringMatching(/^ckpt_/) })
    expect((await api.request(`/v1/imports/${newId('import')}`, { method: 'DELETE', key })).status).toBe(404)
  })
})
