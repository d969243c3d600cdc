import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
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
  hub = await startSlowHub()
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

/** A Hub whose one file never arrives. */
async function startSlowHub(): Promise<Server> {
  const commit = 'a'.repeat(40)
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    if (url.includes('/revision/')) response.end(JSON.stringify({ id: 'own/slow', sha: commit }))
    else if (url.includes('/tree/')) response.end(JSON.stringify([{ type: 'file', path: 'q4.gguf', size: 9_000_000 }]))
    else response.write('GGUF')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
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

it('stops a fetch under way, and leaves nothing of it', async () => {
  const id = await bringModel(system, 'slow', { type: 'hub', repository: 'own/slow' })
  await waitFor('the first bytes', async () => {
    const { progress } = await getImport(system.db, id)
    return progress?.phase === 'fetching' && progress.done > 0 ? progress : undefined
  })
  const failure = { code: 'cancelled', message: 'Stopped', details: {} }
  await endImport(system.db, id, { state: 'cancelled', failure })
  const workflow = system.client.workflow.getHandle(id)
  await workflow.cancel()
  await expect(workflow.result()).rejects.toThrow()
  expect(await getImport(system.db, id)).toMatchObject({ state: 'cancelled', checkpointId: null })
  expect(await system.importsLeft()).toEqual([])
})
