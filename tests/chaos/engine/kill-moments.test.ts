import type { EngineEvent } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { gapsOf, randomMoment } from './kill-moments.ts'

const samples = (step: number): EngineEvent => ({ type: 'samples', step, source: 'rollout', samples: [] })
const metrics = (step: number): EngineEvent => ({ type: 'metrics', step, values: {} })
const progress = (step: number): EngineEvent => ({ type: 'progress', step, totalSteps: 2, phase: 'training' })
const checkpoint: EngineEvent = { type: 'checkpoint', step: 2, dir: '/nowhere', metrics: {} }
const done: EngineEvent = { type: 'done', outcome: 'finished', step: 2, totalSteps: 2, result: {} }

/** Two iterations of ppo. */
const events = [samples(1), metrics(1), progress(1), samples(2), metrics(2), progress(2), checkpoint, done]
const gaps = gapsOf({ events, timesMs: [500, 530, 530, 600, 640, 640, 665, 666] })

it('names what an engine is at between two reports', () => {
  expect(gaps).toEqual([
    { phase: 'preparing', after: undefined, durationMs: 500 },
    { phase: 'update', after: { type: 'samples', step: 1 }, durationMs: 30 },
    { phase: 'rollout', after: { type: 'progress', step: 1 }, durationMs: 70 },
    { phase: 'update', after: { type: 'samples', step: 2 }, durationMs: 40 },
    { phase: 'checkpoint', after: { type: 'progress', step: 2 }, durationMs: 25 },
    { phase: 'ending', after: { type: 'checkpoint', step: 2 }, durationMs: 1 },
  ])
})

it('gives each phase its turn, all but what is too short to be met', () => {
  const phaseOf = (nth: number) => randomMoment(gaps, { nth, from: 0, upTo: 2 }, [7, nth])?.phase
  expect([0, 1, 2, 3, 4].map(phaseOf)).toEqual(['checkpoint', 'rollout', 'update', 'preparing', 'checkpoint'])
})

it('chooses moments within a phase, after the steps that are behind the run', () => {
  const moments = Array.from({ length: 20 }, (_, i) => randomMoment(gaps, { nth: 2, from: 1, upTo: 2 }, [7, i]))
  for (const moment of moments) {
    expect(moment).toMatchObject({ phase: 'update', after: { type: 'samples', step: 2 } })
    expect(moment?.delayMs).toBeLessThan(40)
  }
  expect(new Set(moments.map((moment) => moment?.delayMs)).size).toBe(20)
  expect(randomMoment(gaps, { nth: 0, from: 2, upTo: 2 }, [7])).toBeUndefined()
})
