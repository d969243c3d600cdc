import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { materializeFolder, openFolderStore, putFolder } from './index.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'temper-store-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const helloDigest = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'

it('names bytes by their sha256 and gives them back', async () => {
  const store = await openFolderStore(root)
  expect(await store.put(Readable.from([Buffer.from('hel'), Buffer.from('lo')]))).toEqual({
    sha256: helloDigest,
    sizeBytes: 5,
  })
  expect(await store.sizeOf(helloDigest)).toBe(5)
  expect(await text(await store.open(helloDigest))).toBe('hello')
})

it('opens a range with both ends included', async () => {
  const store = await openFolderStore(root)
  await store.put(Buffer.from('hello'))
  expect(await text(await store.open(helloDigest, { first: 1, last: 3 }))).toBe('ell')
})

it('keeps one copy when the same bytes are put by several at once', async () => {
  const store = await openFolderStore(root)
  await Promise.all([1, 2, 3, 4].map(() => store.put(Buffer.from('hello'))))
  expect(await readdir(join(root, 'sha256', '2c'))).toEqual([helloDigest.slice(2)])
  expect(await readdir(join(root, 'incoming'))).toEqual([])
})

it('holds nothing of a write that breaks off', async () => {
  const store = await openFolderStore(root)
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('hello')
      throw new Error('the connection is gone')
    })(),
  )
  await expect(store.put(broken)).rejects.toThrow('the connection is gone')
  expect(await store.sizeOf(helloDigest)).toBeUndefined()
  expect(await readdir(join(root, 'incoming'))).toEqual([])
})

it('removes what a killed process left a day ago, and nothing newer', async () => {
  await mkdir(join(root, 'incoming'))
  await writeFile(join(root, 'incoming', 'old'), 'x')
  await writeFile(join(root, 'incoming', 'new'), 'x')
  await utimes(join(root, 'incoming', 'old'), 1, 1)
  await openFolderStore(root)
  expect(await readdir(join(root, 'incoming'))).toEqual(['new'])
})

it('refuses unknown digests and names that are no digest', async () => {
  const store = await openFolderStore(root)
  const unknown = helloDigest.replace('2', '3')
  await expect(store.open(unknown)).rejects.toMatchObject({ code: 'not_found' })
  await expect(store.materialize(unknown, join(root, 'x'))).rejects.toMatchObject({ code: 'not_found' })
  await expect(async () => store.sizeOf('../../etc/passwd')).rejects.toMatchObject({ code: 'invalid_input' })
})

it('materializes a file, again over itself, sharing its bytes with the store', async () => {
  const store = await openFolderStore(root)
  await store.put(Buffer.from('hello'))
  const path = join(root, 'work', 'deep', 'file')
  await store.materialize(helloDigest, path)
  await store.materialize(helloDigest, path)
  expect(await readFile(path, 'utf8')).toBe('hello')
  expect((await stat(path)).nlink).toBe(2)
  expect(await readdir(join(root, 'work', 'deep'))).toEqual(['file'])
})

it('stores a folder and makes the same folder elsewhere', async () => {
  const store = await openFolderStore(root)
  await mkdir(join(root, 'a', 'resume'), { recursive: true })
  await writeFile(join(root, 'a', 'config.json'), '{}')
  await writeFile(join(root, 'a', 'resume', 'state.json'), 'hello')
  await chmod(join(root, 'a', 'config.json'), 0o600)
  const seen: number[][] = []
  const files = await putFolder(store, join(root, 'a'), (...progress) => seen.push(progress))
  expect(seen).toEqual([
    [2, 7],
    [7, 7],
  ])
  expect(files.map((file) => [file.path, file.sizeBytes])).toEqual([
    ['config.json', 2],
    ['resume/state.json', 5],
  ])
  await materializeFolder(store, files, join(root, 'b'))
  expect(await readFile(join(root, 'b', 'resume', 'state.json'), 'utf8')).toBe('hello')
})
