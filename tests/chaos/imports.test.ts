import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import type { CheckpointFile, ModelImport } from '@temper/db/contracts'
import { endImport, getCheckpoint, getImport } from '@temper/db/queries'
import { openFolderStore } from '@temper/db/storage'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { tinyModel } from '../fixtures/tiny-model.ts'
import { announced, bringModel, broughtFiles } from './bring-model.ts'
import { startTestSystem, type TestSystem, waitFor } from './test-system.ts'

let hub: Server
let system: TestSystem
let files: CheckpointFile[]
beforeAll(async () => {
  hub = await startHub()
  vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(hub.address() as AddressInfo).port}`)
  system = await startTestSystem()
  files = await tinyFolder()
})
afterAll(async () => {
  await system.stop()
  hub.closeAllConnections()
  hub.close()
  vi.unstubAllEnvs()
})

/** While true, weights stop coming after their first bytes. */
let isSlow = true
/** `Range` of each request for weights. */
const ranges: (string | undefined)[] = []

/** A Hub with the files of the short run as `own/tiny`. */
async function startHub(): Promise<Server> {
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = files.find(({ path }) => url.endsWith(`/${path}`))
  if (file !== undefined) return send(file, headers.range, response)
  const entries = files.map(({ path, sizeBytes, sha256 }) => {
    return { type: 'file', path, size: sizeBytes, lfs: { oid: sha256, size: sizeBytes, pointerSize: 130 } }
  })
  response.writeHead(200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(url.includes('/tree/') ? entries : { id: 'own/tiny', sha: 'a'.repeat(40) }))
}

async function send({ path, sha256 }: CheckpointFile, range: string | undefined, response: ServerResponse) {
  const store = await openFolderStore(system.storeFolder)
  const whole = await buffer(await store.open(sha256))
  const bytes = whole.subarray(Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0))
  response.writeHead(range === undefined ? 200 : 206, { 'Content-Length': bytes.length })
  const isWeights = path === 'model.safetensors'
  if (isWeights) ranges.push(range)
  if (isWeights && isSlow) response.write(bytes.subarray(0, 10_000))
  else response.end(bytes)
}

/** What a short run has made. */
async function tinyFolder(): Promise<CheckpointFile[]> {
  const stages = 'stages:\n  made: { type: pretrain, data: stories, steps: 2, rowLength: 32 }\n'
  const run = await system.waitForEnd(await system.startRun(`name: maker\n${tinyModel}${stages}`))
  return broughtFiles(system, run.stages[0]?.checkpointId ?? '')
}

/** The import once its workflow is over, which fails where the import does. */
async function ended(id: string): Promise<ModelImport> {
  await Promise.allSettled([system.client.workflow.getHandle(id).result()])
  return getImport(system.db, id)
}

it('makes a folder a named checkpoint from which a run starts', async () => {
  const done = await ended(await bringModel(system, 'brought', announced(files), files))
  expect(done).toMatchObject({ state: 'done', failure: null })
  const checkpoint = await getCheckpoint(system.db, done.checkpointId ?? '')
  expect(checkpoint).toMatchObject({
    kind: 'policy',
    stageType: 'import',
    releasedAs: 'brought',
    architecture: 'llama',
    importedFrom: { type: 'files', files: expect.arrayContaining([files.find(({ path }) => path === 'config.json')]) },
  })
  const weights = (list: CheckpointFile[]) => list.find(({ path }) => path === 'model.safetensors')?.sha256
  expect(weights(checkpoint.files)).toBe(weights(files))
  const recipe = `name: further
model: { checkpoint: ${checkpoint.id} }
data: { talks: { generator: stories, kind: conversations, count: 20, seed: 2 } }
stages: { sft: { type: sft, data: talks, epochs: 1, batchSize: 8, maxLength: 96 } }
`
  expect(await system.waitForEnd(await system.startRun(recipe))).toMatchObject({ state: 'done' })
})

it('says file, tensor and rule of a model that is refused, and registers nothing', async () => {
  const config = files.find(({ path }) => path === 'config.json')
  const store = await openFolderStore(system.storeFolder)
  const changed = { ...JSON.parse(await text(await store.open(config?.sha256 ?? ''))), intermediate_size: 65 }
  const other = { path: 'config.json', ...(await store.put(Buffer.from(JSON.stringify(changed)))) }
  const sent = files.map((file) => (file === config ? other : file))
  const failed = await ended(await bringModel(system, 'refused', announced(sent), sent))
  expect(failed).toMatchObject({
    state: 'failed',
    checkpointId: null,
    failure: {
      code: 'invalid_checkpoint',
      message: expect.stringMatching(
        /^model\.safetensors: tensor "model\.layers\.0\.mlp\.\w+\.weight" must have shape/,
      ),
      details: { file: 'model.safetensors', rule: expect.stringContaining('65') },
    },
  })
  expect(await store.sizeOf(other.sha256)).toBeUndefined()
})

/** Adds the model of the Hub; answers once some of its weights are there. */
async function bringSlowly(name: string): Promise<string> {
  isSlow = true
  const before = ranges.length
  const id = await bringModel(system, name, { type: 'hub', repository: 'own/tiny' })
  const small = files.filter(({ path }) => path !== 'model.safetensors')
  const smallBytes = small.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  await waitFor('the first weights', async () => {
    const { progress } = await getImport(system.db, id)
    return ranges.length > before && (progress?.done ?? 0) > smallBytes ? progress : undefined
  })
  return id
}

it('stops a fetch under way, and leaves nothing of it', async () => {
  const id = await bringSlowly('stopped')
  const failure = { code: 'cancelled', message: 'Stopped', details: {} }
  await endImport(system.db, id, { state: 'cancelled', failure })
  await system.client.workflow.getHandle(id).cancel()
  expect(await ended(id)).toMatchObject({ state: 'cancelled', checkpointId: null })
  expect(await system.importsLeft()).toEqual([])
})

it('goes on behind the bytes that a killed worker had fetched', async () => {
  const id = await bringSlowly('survivor')
  isSlow = false
  await system.killPipeline()
  const done = await ended(id)
  expect(done).toMatchObject({ state: 'done', failure: null })
  expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/)
  const { files: stored } = await getCheckpoint(system.db, done.checkpointId ?? '')
  expect(stored).toContainEqual(files.find(({ path }) => path === 'model.safetensors'))
  expect(await system.importsLeft()).toEqual([])
})
