import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineEvent, ImportedFrom } from '@temper/db/contracts'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readCheckpoint } from '../checkpoint/index.ts'
import { ggufBytes } from '../import/gguf/gguf.fixture.ts'
import { tinyGguf, weights } from '../import/tiny-gguf.fixture.ts'
import { createJobRunner } from './run-job.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'import-job-'))
  await writeFile(join(root, 'tiny.gguf'), ggufBytes(tinyGguf()))
})
afterEach(() => rm(root, { recursive: true }))

const importedFrom: ImportedFrom = { type: 'hub', repository: 'own/tiny', revision: 'a'.repeat(40), file: 'tiny.gguf' }

/** Runs the job; `stopAfter` parameters it is asked to stop. */
async function run(stopAfter = Number.POSITIVE_INFINITY) {
  const events: EngineEvent[] = []
  const context = {
    emit: (event: EngineEvent) => events.push(event),
    stopRequested: () => events.length >= stopAfter,
    nowMs: () => 0,
  }
  const job = { type: 'import', source: join(root, 'tiny.gguf'), importedFrom, output: join(root, 'out') } as const
  await createJobRunner(context)(job)
  return events
}

it('reports each parameter, then what the model is, and writes where it came from', async () => {
  const events = await run()
  const totalSteps = Object.keys(weights).length
  expect(events.slice(0, -1)).toEqual(
    Array.from({ length: totalSteps }, (_, i) => ({ type: 'progress', step: i + 1, totalSteps, phase: 'reading' })),
  )
  expect(events.at(-1)).toEqual({
    type: 'done',
    outcome: 'finished',
    step: totalSteps,
    totalSteps,
    result: { kind: 'policy' },
  })
  expect((await readCheckpoint(join(root, 'out'))).lineage).toMatchObject({ kind: 'policy', importedFrom })
})

it('leaves nothing where it is stopped in the middle', async () => {
  await expect(run(3)).rejects.toMatchObject({ code: 'cancelled' })
  expect(await readdir(root)).toEqual(['tiny.gguf'])
})
