import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { downloadResumed } from './download-resumed.ts'
import { mainCommit, startTestHub, type TestHub } from './hub.fixture.ts'

const name = 'model.safetensors'
const weights = Array.from({ length: 20_000 }, (_, i) => String(i % 10)).join('')

let hub: TestHub
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'download-'))
  hub = await startTestHub({ 'own/model': { files: { [name]: weights } } })
})
afterEach(async () => {
  await hub.stop()
  await rm(dir, { recursive: true })
})

const left = (bytes: string) => writeFile(join(dir, `${name}.part`), bytes)
const download = () => {
  const url = `${hub.url}/own/model/resolve/${mainCommit}/${name}`
  const sha256 = createHash('sha256').update(weights).digest('hex')
  const file = { what: name, url, headers: {}, sizeBytes: weights.length, sha256 }
  return downloadResumed(file, join(dir, name), { onBytes: () => undefined })
}
async function expectWhole() {
  expect(await readdir(dir)).toEqual([name])
  expect(await readFile(join(dir, name), 'utf8')).toBe(weights)
}

it('keeps what came before an answer ended early, and goes on behind it at a repeat', async () => {
  hub.endEarly.set(name, 8000)
  await expect(download()).rejects.toMatchObject({
    code: 'unavailable',
    message: `${name} ended after 8000 bytes, the list of files says 20000`,
  })
  hub.endEarly.set(name, 5000)
  await expect(download()).rejects.toMatchObject({ code: 'unavailable' })
  await download()
  await expectWhole()
  expect(hub.downloads).toEqual([name, `${name} bytes=8000-`, `${name} bytes=13000-`])
})

it('fetches everything once more where what an earlier try left is damaged', async () => {
  await left('x'.repeat(8000))
  await download()
  await expectWhole()
  expect(hub.downloads).toEqual([`${name} bytes=8000-`, name])
})

it('fetches everything where what an earlier try left is longer than the file, or as long and damaged', async () => {
  for (const length of [weights.length + 1, weights.length]) {
    await left('x'.repeat(length))
    await download()
    await expectWhole()
    await rm(join(dir, name))
  }
  expect(hub.downloads).toEqual([name, name])
})

it('refuses other bytes as soon as all of them came from the server, and keeps none', async () => {
  hub.corrupt.set(name, 'y'.repeat(weights.length))
  await expect(download()).rejects.toMatchObject({ code: 'invalid_checkpoint' })
  expect(hub.downloads).toEqual([name])
  await left('x'.repeat(8000))
  await expect(download()).rejects.toMatchObject({ code: 'invalid_checkpoint' })
  expect(hub.downloads).toEqual([name, `${name} bytes=8000-`, name])
  expect(await readdir(dir)).toEqual([])
})

it('refuses a file that the server itself says is shorter', async () => {
  hub.corrupt.set(name, weights.slice(1))
  await expect(download()).rejects.toMatchObject({ code: 'invalid_checkpoint' })
  expect(hub.downloads).toEqual([name])
  expect(await readdir(dir)).toEqual([])
})
