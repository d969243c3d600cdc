import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { EngineEvent, JobOf } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastCheckpoint, makeToy, metricsOf, runToyJob, type Toy } from './toy.fixture.ts'

let toy: Toy
let first: EngineEvent[]
let job: JobOf<'dpo'>

beforeAll(async () => {
  toy = await makeToy()
  const policy = lastCheckpoint(await runToyJob(toy.pretrain({ steps: 4 })))
  job = toy.dpo(policy, { epochs: 2 })
  first = await runToyJob({ ...job, outDir: path.join(toy.dir, 'first') })
})
afterAll(() => toy.remove())

const referenceOf = (events: EngineEvent[]) => {
  const event = events.find((one) => one.type === 'reference')
  if (event?.type !== 'reference') throw new Error('the job said nothing of its reference')
  return event
}
const again = (name: string, change: object = {}) =>
  runToyJob({ ...job, outDir: path.join(toy.dir, name), referenceLogps: referenceOf(first).file, ...change })

describe('log-probs of the reference', () => {
  it('are computed by the first stage, of trained and held-out pairs, and found by the next with equal numbers', async () => {
    expect(referenceOf(first)).toMatchObject({ found: false, pairs: 11 })
    const second = await again('second')
    expect(referenceOf(second)).toMatchObject({ found: true, pairs: 11 })
    expect(metricsOf(second)).toEqual(metricsOf(first))
    for (const file of ['model.safetensors', 'resume/state.safetensors']) {
      const [expected, actual] = await Promise.all(
        [first, second].map((events) => readFile(path.join(lastCheckpoint(events), file))),
      )
      expect(actual?.equals(expected as Buffer), file).toBe(true)
    }
  })

  it('end where they are when the stage is paused, and are computed anew when it goes on', async () => {
    const paused = { ...job, outDir: path.join(toy.dir, 'paused'), settings: { ...job.settings, batchSize: 4 } }
    const seen = (event: EngineEvent) => event.type === 'progress' && event.phase === 'log-probs of the reference'
    const events = await runToyJob(paused, seen)
    expect(events.map(({ type }) => type)).toEqual(['progress', 'done'])
    expect(events.at(-1)).toMatchObject({ outcome: 'stopped', step: 0 })
    const whole = await runToyJob(paused)
    expect(whole.filter(seen)).toMatchObject([0, 4, 8].map((step) => ({ step, totalSteps: 11 })))
    expect(metricsOf(whole)[0]?.values.loss).toBeCloseTo(Math.log(2), 6)
  })

  it('are computed anew where a file holds those of other tokens', async () => {
    const pairs = path.join(toy.dir, 'fewer.jsonl')
    const lines = (await readFile(job.pairs, 'utf8')).split('\n').slice(0, 3)
    await writeFile(pairs, `${lines.join('\n')}\n`)
    expect(referenceOf(await again('other-pairs', { pairs }))).toMatchObject({ found: false, pairs: 9 })
    const cut = { settings: { ...job.settings, maxLength: 8 } }
    expect(referenceOf(await again('other-length', cut))).toMatchObject({ found: false })
  })
})
