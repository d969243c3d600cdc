import type { TrainingJob } from '@temper/db/contracts'
import { expect } from 'vitest'
import { metricsOf, runToyJob } from './toy.fixture.ts'

/** Metrics of each step of a job that is run here. */
export async function stepMetrics(job: TrainingJob): Promise<Record<string, number>[]> {
  return metricsOf(await runToyJob(job)).map(({ values }) => values)
}

/** Sums in another order differ in the last digits. */
export function expectClose(actual: Record<string, number>[], expected: Record<string, number>[], names: string[]) {
  expect(actual.length).toBe(expected.length)
  for (const [i, values] of expected.entries()) {
    for (const name of names)
      expect(actual[i]?.[name], `${name} of step ${i + 1}`).toBeCloseTo(values[name] ?? Number.NaN, 4)
  }
}

/** The last four iterations beside the first two: what is learnt shows in the third. */
export function expectRise(values: Record<string, number>[], name: string, least: number) {
  const mean = (part: Record<string, number>[]) =>
    part.reduce((total, value) => total + (value[name] ?? Number.NaN), 0) / part.length
  expect(mean(values.slice(-4))).toBeGreaterThan(mean(values.slice(0, 2)) + least)
}
