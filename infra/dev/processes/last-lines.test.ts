import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lastLines } from './last-lines.ts'

function writeLog(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'temper-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'part.log')
  writeFileSync(path, content)
  return path
}

test('reads the last lines, or all where there are fewer', () => {
  const path = writeLog('one\ntwo\nthree\n\n')
  expect(lastLines(path, 2)).toBe('two\nthree')
  expect(lastLines(path, 5)).toBe('one\ntwo\nthree')
  expect(lastLines(writeLog(''), 5)).toBe('')
})

test('reads the end of a file that is longer than the longest string', () => {
  const path = writeLog('')
  truncateSync(path, 2 ** 29 + 2 ** 20)
  appendFileSync(path, '\nit broke\n')
  expect(lastLines(path, 1)).toBe('it broke')
})
