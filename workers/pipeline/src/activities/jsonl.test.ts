import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { openFolderStore } from '@temper/db/storage'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { readArtifactRows, writeArtifactRows } from './jsonl.ts'

const schema = z.strictObject({ text: z.string() })

async function openStore() {
  const folder = await mkdtemp(path.join(tmpdir(), 'temper-jsonl-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return openFolderStore(folder)
}

describe('rows of an artifact', () => {
  it('are read as they were written, with whatever their texts hold', async () => {
    const store = await openStore()
    const rows = Array.from({ length: 50 }, (_, index) => ({ text: `${index}\n\u2028ä日本`.repeat(500) }))
    expect(await readArtifactRows(store, await writeArtifactRows(store, rows), schema)).toEqual(rows)
    expect(await readArtifactRows(store, await writeArtifactRows(store, []), schema)).toEqual([])
  })

  it('may be longer together than the longest string', async () => {
    const row = Buffer.from(`${JSON.stringify({ text: 'x'.repeat(2 ** 20) })}\n`)
    const store = { open: async () => Readable.from(Array.from({ length: 520 }, () => row)) }
    const lengths = schema.transform(({ text }) => text.length)
    const read = await readArtifactRows(store, 'of 520 MiB', lengths)
    expect(read).toEqual(Array.from({ length: 520 }, () => 2 ** 20))
  })

  it('are refused with the line of one that is not of the schema', async () => {
    const store = await openStore()
    const digest = await writeArtifactRows(store, [{ text: 'a' }, { other: 'b' }])
    await expect(readArtifactRows(store, digest, schema)).rejects.toMatchObject({ code: 'internal' })
    await expect(readArtifactRows(store, digest, schema)).rejects.toThrow('line 2')
  })
})
