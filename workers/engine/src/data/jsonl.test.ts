import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { textRowSchema } from '@temper/db/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { readRows, writeRows } from './jsonl.ts'

async function newFile(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'temper-rows-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return path.join(folder, 'rows.jsonl')
}

test('rows are read as they were written, with the separators of lines and paragraphs in their texts', async () => {
  const file = await newFile()
  const rows = [{ text: 'one\u2028two\u2029three' }, { text: 'four\nfive\r\nsix' }]
  await writeRows(file, rows)
  expect(await readRows(file, textRowSchema)).toEqual(rows)
})

test('blank lines are passed over, and counted where a row is refused', async () => {
  const file = await newFile()
  await writeFile(file, '{"text":"a"}\r\n\r\n{"text":5}')
  await expect(readRows(file, textRowSchema)).rejects.toMatchObject({ code: 'invalid_dataset', details: { line: 3 } })
})
