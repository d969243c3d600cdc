import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fetchFromHub } from './fetch-from-hub.ts'
import { mainCommit, startTestHub, type TestHub } from './hub.fixture.ts'

const index = (...shards: string[]) =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, i) => [`tensor.${i}`, shard])) })
const small = {
  'config.json': '{"model_type":"gpt2"}',
  'tokenizer.json': '{"model":{}}',
  'tokenizer_config.json': '{}',
}
const weights = 'x'.repeat(100_000)
const tagged = 'b'.repeat(40)

let hub: TestHub
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hub-'))
  hub = await startTestHub({
    'own/model': {
      files: {
        ...small,
        'README.md': '#',
        'pytorch_model.bin': 'no',
        'consolidated.safetensors': 'no',
        'model.safetensors': weights,
      },
      revisions: { 'v1.0': tagged },
    },
    'own/sharded': {
      files: {
        ...small,
        'model.safetensors.index.json': index('model-1.safetensors', 'model-2.safetensors'),
        'model-1.safetensors': 'one',
        'model-2.safetensors': 'two',
      },
    },
    'own/climbing': {
      files: { ...small, 'model.safetensors.index.json': index('../x.safetensors'), '../x.safetensors': 'x' },
    },
    'own/pickle': { files: { ...small, 'pytorch_model.bin': 'no' } },
    'own/gguf': { files: { 'README.md': '#', 'q4.gguf': 'four', 'deep/q8.gguf': 'eight' } },
    'own/ggufs': { files: { 'q4.gguf': 'four', 'q8.gguf': 'eight' } },
    'own/gated': { files: { ...small, 'model.safetensors': weights }, token: 'hf_right' },
  })
})
afterEach(async () => {
  await hub.stop()
  await rm(dir, { recursive: true })
})

const fetchModel = (repository: string, more: { revision?: string; file?: string; token?: string } = {}) => {
  const { token, ...source } = more
  return fetchFromHub({ type: 'hub', repository, ...source }, dir, { hub: { url: hub.url, token } })
}

it('brings what a model is read from, and nothing else', async () => {
  const { path, importedFrom } = await fetchModel('own/model')
  expect(importedFrom).toEqual({ type: 'hub', repository: 'own/model', revision: mainCommit })
  expect((await readdir(path)).sort()).toEqual([...Object.keys(small), 'model.safetensors'].sort())
  expect(await readFile(join(path, 'model.safetensors'), 'utf8')).toBe(weights)
})

it('brings every shard that the index names', async () => {
  const { path } = await fetchModel('own/sharded')
  expect(await readFile(join(path, 'model-2.safetensors'), 'utf8')).toBe('two')
  expect(hub.downloads.filter((name) => name.includes('index'))).toHaveLength(1)
})

it('takes the commit of a revision, and says which there is none of', async () => {
  const { importedFrom } = await fetchModel('own/model', { revision: 'v1.0' })
  expect(importedFrom).toMatchObject({ revision: tagged })
  await expect(fetchModel('own/model', { revision: 'v2' })).rejects.toMatchObject({
    code: 'not_found',
    message: `${hub.url} has no own/model at v2`,
  })
  await expect(fetchModel('own/nothing')).rejects.toMatchObject({ code: 'not_found' })
})

it('brings one GGUF file, by name where there are several', async () => {
  expect((await fetchModel('own/gguf')).path).toMatch(/\/q4\.gguf$/)
  const { path, importedFrom } = await fetchModel('own/gguf', { file: 'deep/q8.gguf' })
  expect(await readFile(path, 'utf8')).toBe('eight')
  expect(importedFrom).toMatchObject({ file: 'deep/q8.gguf' })
  await expect(fetchModel('own/ggufs')).rejects.toThrow('own/ggufs has 2 GGUF files; name one: q4.gguf, q8.gguf')
  await expect(fetchModel('own/ggufs', { file: 'q2.gguf' })).rejects.toThrow('own/ggufs has no file q2.gguf')
})

it('goes on behind the byte at which a connection broke', async () => {
  const seen: number[] = []
  let onProgress: (done: number) => void = () => undefined
  const moment = new Promise<void>((arrived) => {
    onProgress = (done) => {
      seen.push(done)
      if (done > 1000) arrived()
    }
  })
  hub.breakOff.set('model.safetensors', { after: 30_000, moment })
  const source = { type: 'hub', repository: 'own/model' } as const
  const { path } = await fetchFromHub(source, dir, { hub: { url: hub.url }, onProgress })
  expect(await readFile(join(path, 'model.safetensors'), 'utf8')).toBe(weights)
  expect(hub.downloads.at(-1)).toMatch(/^model\.safetensors bytes=[1-9]\d*-$/)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})

it('goes on where an earlier call was stopped, and fetches no whole file twice', async () => {
  const stop = new AbortController()
  const onProgress = (done: number) => {
    if (done > 50) stop.abort()
  }
  const source = { type: 'hub', repository: 'own/model' } as const
  const stopped = fetchFromHub(source, dir, { hub: { url: hub.url }, onProgress, signal: stop.signal })
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
  await fetchModel('own/model')
  const downloads = [...hub.downloads]
  expect(downloads.filter((name) => name === 'config.json')).toHaveLength(1)
  await fetchModel('own/model')
  expect(hub.downloads).toEqual(downloads)
})

it('keeps no bytes of another digest', async () => {
  hub.corrupt.set('model.safetensors', 'y'.repeat(weights.length))
  await expect(fetchModel('own/model')).rejects.toThrow('model.safetensors of own/model arrived as')
  hub.corrupt.set('model.safetensors', `${weights}y`)
  await expect(fetchModel('own/model')).rejects.toThrow('is longer than the 100000 bytes')
  hub.corrupt.clear()
  hub.corrupt.set('config.json', '[]')
  await rm(join(dir, mainCommit), { recursive: true })
  await expect(fetchModel('own/model')).rejects.toMatchObject({ code: 'invalid_checkpoint' })
})

it('names HF_TOKEN where a repository is gated', async () => {
  await expect(fetchModel('own/gated')).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('no HF_TOKEN is set; accept its terms there'),
  })
  await expect(fetchModel('own/gated', { token: 'hf_wrong' })).rejects.toThrow(
    'the HF_TOKEN that is set may not read it',
  )
  await expect(fetchModel('own/gated', { token: 'hf_right' })).resolves.toMatchObject({ path: expect.any(String) })
})

it('refuses pickle files, and names that lead out of the folder', async () => {
  await expect(fetchModel('own/pickle')).rejects.toThrow("from_pretrained('own/pickle').save_pretrained('converted')")
  await expect(fetchModel('own/climbing')).rejects.toMatchObject({
    code: 'invalid_checkpoint',
    message: expect.stringContaining('model.safetensors.index.json is not as expected'),
  })
  expect(hub.downloads).toEqual(['model.safetensors.index.json'])
})

it('says that no Hub answers', async () => {
  const hubUrl = hub.url
  await hub.stop()
  const source = { type: 'hub', repository: 'own/model' } as const
  await expect(fetchFromHub(source, dir, { hub: { url: hubUrl } })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`${hubUrl} does not answer`),
  })
  hub = await startTestHub({})
})
