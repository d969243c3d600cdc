import type { EngineEvent } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { firstDifference } from './first-difference.ts'
import type { Attempt } from './run-attempt.ts'
import type { StageRun } from './run-stage.ts'

const metrics = (step: number, loss = 1 / step): EngineEvent => ({
  type: 'metrics',
  step,
  values: { loss, tokens_per_second: Math.random() },
})
const samples = (step: number, completion: string): EngineEvent => ({
  type: 'samples',
  source: 'rollout',
  step,
  samples: [{ prompt: 'say ha', completion, endedProperly: true }],
})
const done = (loss: number | null = 0.25): EngineEvent => ({
  type: 'done',
  outcome: 'finished',
  step: 4,
  totalSteps: 4,
  result: { loss },
})
const attempt = (resumedAt: number, events: EngineEvent[], killed?: Attempt['killed']): Attempt => ({
  resumedAt,
  events,
  timesMs: [],
  killed,
})
const kill = { phase: 'step', halfWritten: false } as const
const run = (attempts: Attempt[], weights = 'ab'): StageRun => ({
  attempts,
  files: [
    { path: 'model.safetensors', sha256: weights, sizeBytes: 1 },
    { path: 'temper.json', sha256: `${Math.random()}`, sizeBytes: 1 },
  ],
})

const undisturbed = run([attempt(0, [metrics(1), metrics(2), metrics(3), metrics(4), done()])])
const first = attempt(0, [metrics(1), metrics(2), metrics(3)], kill)
const disturbed = (...events: EngineEvent[]) => firstDifference(undisturbed, run([first, attempt(2, events)]))

it('finds none where a resumed run repeats what it had after its checkpoint', () => {
  expect(disturbed(metrics(3), metrics(4), done())).toBeUndefined()
})

it('finds the first number that differs, however little', () => {
  expect(disturbed(metrics(3), metrics(4, 0.2500001), done())).toBe(
    'loss of step 4 is 0.25 in the undisturbed run and 0.2500001 in the disturbed one',
  )
})

it('finds a step that is left out, done twice or missing at the end', () => {
  expect(disturbed(metrics(4), done())).toBe(
    'an attempt that went on from step 2 reports step 4 where step 3 comes next',
  )
  expect(disturbed(metrics(3), metrics(3), metrics(4), done())).toBe(
    'an attempt that went on from step 2 reports step 3 where step 4 comes next',
  )
  expect(disturbed(metrics(3), done())).toBe('step 4 is missing')
})

it('finds other samples, another result and other weights', () => {
  const sampled = run([attempt(0, [samples(1, 'ha'), metrics(1), done()])])
  expect(firstDifference(sampled, run([attempt(0, [samples(1, 'ha ha'), metrics(1), done()])]))).toContain(
    'samples of step 1',
  )
  expect(disturbed(metrics(3), metrics(4), done(null))).toBe(
    'loss of the result is 0.25 in the undisturbed run and null in the disturbed one',
  )
  expect(firstDifference(undisturbed, run(undisturbed.attempts, 'cd'))).toContain(
    'model.safetensors of the last checkpoint',
  )
})
