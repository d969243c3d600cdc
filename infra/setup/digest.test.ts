import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from './digest.mjs'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-digest-'))
  mkdirSync(join(folder, 'source/made'), { recursive: true })
  writeFileSync(join(folder, 'source/a.cc'), 'int a;')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const digest = (words: string[] = []) => digestOf(folder, ['source', 'absent'], { words, leaveOut: ['made'] })

describe('digestOf', () => {
  test('changes with a content, a name and a word', () => {
    const first = digest()
    expect(digest(['-O3'])).not.toBe(first)
    writeFileSync(join(folder, 'source/a.cc'), 'int b;')
    const changed = digest()
    expect(changed).not.toBe(first)
    writeFileSync(join(folder, 'source/b.cc'), '')
    expect(digest()).not.toBe(changed)
  })

  test('stays the same when only a left-out folder changes', () => {
    const first = digest()
    writeFileSync(join(folder, 'source/made/a.node'), 'built')
    expect(digest()).toBe(first)
  })
})
