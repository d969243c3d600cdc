import type { ModelImport } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { importStatus } from './import-words.ts'

const started: ModelImport = {
  id: 'imp_abcdefghij2345672345',
  name: 'mine',
  source: {
    type: 'files',
    files: [
      { path: 'a.json', sizeBytes: 1000 },
      { path: 'model.safetensors', sizeBytes: 3000 },
    ],
  },
  state: 'uploading',
  progress: null,
  uploaded: [{ path: 'a.json', sizeBytes: 1000, sha256: 'a'.repeat(64) }],
  failure: null,
  checkpointId: null,
  createdBy: 'mem_abcdefghij2345672345',
  createdAt: '2026-01-01T00:00:00Z',
  finishedAt: null,
}

it('counts bytes, and tensors while weights are read', () => {
  expect(importStatus(started)).toEqual({ words: 'Files sent: 1.0 kB of 4.0 kB', share: 0.25 })
  const running = (phase: 'fetching' | 'reading', done: number, total: number | null) =>
    importStatus({ ...started, state: 'running', progress: { phase, done, total } })
  expect(running('fetching', 5_000_000, 10_000_000)).toEqual({ words: 'Fetching: 5.0 MB of 10.0 MB', share: 0.5 })
  expect(running('fetching', 0, null)).toEqual({ words: 'Fetching', share: null })
  expect(running('reading', 68, 272)).toEqual({ words: 'Reading weights: 68 of 272', share: 0.25 })
})

it('says what was wrong', () => {
  const failure = { code: 'invalid_checkpoint', message: 'model.safetensors: tensor "x" is missing', details: {} }
  expect(importStatus({ ...started, state: 'failed', failure }).words).toBe(failure.message)
})
