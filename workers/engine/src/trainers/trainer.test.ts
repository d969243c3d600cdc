import type { EngineEvent, TrainingJob } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { runSegment, type Trainer } from './trainer.ts'

/** A trainer that only counts; a step takes `stepMs` of a clock of its own, a save `saveMs`. */
function countingTrainer({ totalSteps, stepMs, saveMs = 0 }: { totalSteps: number; stepMs: number; saveMs?: number }) {
  let [step, nowMs] = [0, 0]
  const trainer: Trainer = {
    totalSteps,
    finishedEarly: false,
    get step() {
      return step
    },
    prepare: async () => undefined,
    advance: async () => {
      step++
      nowMs += stepMs
      return { loss: 1 }
    },
    save: async () => {
      nowMs += saveMs
    },
    result: async () => ({}),
    close: () => undefined,
  }
  return { trainer, nowMs: () => nowMs }
}

async function checkpointsOf(options: Parameters<typeof countingTrainer>[0], segment: TrainingJob['segment'] = {}) {
  const { trainer, nowMs } = countingTrainer(options)
  const events: EngineEvent[] = []
  const job = { segment, outDir: '/nowhere', settings: { checkpointEverySteps: 1000 } } as TrainingJob
  await runSegment(trainer, job, { emit: (event) => events.push(event), stopRequested: () => false, nowMs })
  const steps = events.flatMap((event) => (event.type === 'checkpoint' ? [event.step] : []))
  return { steps, end: events.at(-1) }
}

it('keeps what a minute of work has made, whatever the recipe says of steps', async () => {
  expect((await checkpointsOf({ totalSteps: 20, stepMs: 10_000 })).steps).toEqual([6, 12, 18, 20])
})

it('saves seldom where saving is slow', async () => {
  const { steps } = await checkpointsOf({ totalSteps: 40, stepMs: 10_000, saveMs: 10_000 })
  expect(steps).toEqual([6, 26, 40])
})

it('ends a segment at its limit in a checkpoint', async () => {
  const { steps, end } = await checkpointsOf({ totalSteps: 20, stepMs: 10_000 }, { maxSeconds: 30 })
  expect(steps).toEqual([3])
  expect(end).toMatchObject({ type: 'done', outcome: 'segment', step: 3 })
})
