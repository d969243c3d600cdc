import { buffer } from 'node:stream/consumers'
import { checkpointSchema, idFromBytes, lineageGraphSchema, newId, pageSchema } from '@temper/db/contracts'
import { heartbeatWorker, registerCheckpoint } from '@temper/db/queries'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestTemporal, type TestTemporal } from '../../../../tests/support/temporal.ts'
import { tarSizeBytes } from '../archive.ts'
import { startTestApi, type TestApi } from '../test-api.ts'

let temporal: TestTemporal
let api: TestApi
let key: string
let id: string
const weights = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 251))
beforeAll(async () => {
  temporal = await startTestTemporal()
  api = await startTestApi(temporal.address)
  key = (await api.join('owner')).secret
  const parent = await register({})
  id = (await register({ parents: [parent.id], final: true })).id
})
afterAll(async () => {
  await api.stop()
  await temporal.stop()
})

async function register(more: { parents?: string[]; final?: boolean; kind?: 'policy' | 'reward' }) {
  const contents = {
    'config.json': Buffer.from('{}'),
    'model.safetensors': weights,
    'resume/state.json': Buffer.from('[1]'),
  }
  const files = []
  for (const [path, bytes] of Object.entries(contents)) files.push({ path, ...(await api.store.put(bytes)) })
  return registerCheckpoint(api.db, {
    id: newId('checkpoint'),
    kind: 'policy',
    runId: null,
    stage: 'sft',
    stageType: 'sft',
    step: 10,
    final: false,
    parents: [],
    data: [],
    architecture: 'llama',
    parameters: 250,
    metrics: {},
    files,
    ...more,
  })
}

const get = (path: string, headers?: Record<string, string>) => api.request(path, { key, headers })
const weightsPath = () => `/v1/checkpoints/${id}/files/model.safetensors`

describe('checkpoints', () => {
  it('are listed when final, and all when asked for', async () => {
    const list = async (query: string) =>
      pageSchema(checkpointSchema).parse(await (await get(`/v1/checkpoints?${query}`)).json()).items
    expect((await list('')).map((item) => item.id)).toEqual([id])
    expect(await list('all=true')).toHaveLength(2)
    expect(await list('kind=reward')).toEqual([])
    expect(await list('released=true')).toEqual([])
  })

  it('show their files and lineage', async () => {
    const checkpoint = checkpointSchema.parse(await (await get(`/v1/checkpoints/${id}`)).json())
    expect(checkpoint.files.map((file) => file.path)).toEqual(['config.json', 'model.safetensors', 'resume/state.json'])
    const { checkpoints } = lineageGraphSchema.parse(await (await get(`/v1/checkpoints/${id}/lineage`)).json())
    expect(checkpoints.map((found) => found.id)).toEqual([checkpoint.parents[0], id])
    expect((await get(`/v1/checkpoints/${idFromBytes('checkpoint', new Uint8Array(20))}`)).status).toBe(404)
  })
})

describe('a file', () => {
  it('comes whole, named by its digest, with its length', async () => {
    const response = await get(weightsPath())
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Length')).toBe('1000')
    expect(response.headers.get('ETag')).toMatch(/^"[0-9a-f]{64}"$/)
    expect(Buffer.from(await response.arrayBuffer()).equals(weights)).toBe(true)
  })

  it.each([
    ['bytes=10-19', 10, 20],
    ['bytes=990-', 990, 1000],
    ['bytes=-5', 995, 1000],
    ['bytes=500-5000', 500, 1000],
  ])('comes in part for %s', async (range, start, end) => {
    const response = await get(weightsPath(), { Range: range })
    expect(response.status).toBe(206)
    expect(response.headers.get('Content-Range')).toBe(`bytes ${start}-${end - 1}/1000`)
    expect(Buffer.from(await response.arrayBuffer()).equals(weights.subarray(start, end))).toBe(true)
  })

  it('is not sent where the reader has it, and whole where the bytes are others than before', async () => {
    const etag = (await get(weightsPath())).headers.get('ETag') ?? ''
    expect((await get(weightsPath(), { 'If-None-Match': etag })).status).toBe(304)
    expect((await get(weightsPath(), { Range: 'bytes=0-1', 'If-Range': etag })).status).toBe(206)
    expect((await get(weightsPath(), { Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200)
  })

  it('has no range behind its end', async () => {
    const response = await get(weightsPath(), { Range: 'bytes=1000-' })
    expect([response.status, response.headers.get('Content-Range')]).toEqual([416, 'bytes */1000'])
  })

  it('may lie in a folder; one that is not of the checkpoint is not found', async () => {
    const nested = await get(`/v1/checkpoints/${id}/files/resume/state.json`)
    expect([nested.headers.get('Content-Type'), await nested.text()]).toEqual(['application/json', '[1]'])
    for (const path of ['nothing.json', '../../../etc/passwd', '..%2F..%2Fetc%2Fpasswd']) {
      expect((await get(`/v1/checkpoints/${id}/files/${path}`)).status).toBe(404)
    }
    expect((await api.request(weightsPath(), { method: 'HEAD', key })).headers.get('Content-Length')).toBe('1000')
  })
})

describe('the archive', () => {
  const entriesOf = async (query: string) => {
    const response = await get(`/v1/checkpoints/${id}/archive.tar${query}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('Content-Length')).toBe(String(bytes.length))
    const archive = extract()
    archive.end(bytes)
    const entries: Record<string, Buffer> = {}
    for await (const entry of archive) {
      entries[entry.header.name] = await buffer(entry)
    }
    return entries
  }

  it('holds the folder, without what only a resumed stage needs', async () => {
    const entries = await entriesOf('')
    const folder = `sft-step-10-${id.slice(5, 11)}`
    expect(Object.keys(entries)).toEqual([`${folder}/config.json`, `${folder}/model.safetensors`])
    expect(entries[`${folder}/model.safetensors`]?.equals(weights)).toBe(true)
    expect(Object.keys(await entriesOf('?resume=true'))).toContain(`${folder}/resume/state.json`)
  })

  it('has no length in advance where names need extra headers', () => {
    expect(tarSizeBytes([{ path: 'x'.repeat(120), sizeBytes: 1, sha256: '' }], 'folder')).toBeUndefined()
  })
})

it('lists workers that live', async () => {
  await heartbeatWorker(api.db, { id: 'w1', queue: 'train', device: 'cpu', host: 'here', pid: 1, state: 'busy' })
  expect(await (await get('/v1/workers')).json()).toMatchObject({ items: [{ id: 'w1', state: 'busy' }] })
})
