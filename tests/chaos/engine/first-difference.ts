import { isDeepStrictEqual } from 'node:util'
import type { CheckpointFile, EngineEvent } from '@temper/db/contracts'
import { metricsOf } from '@temper/engine/toy'
import type { Attempt } from './run-attempt.ts'
import type { StageRun } from './run-stage.ts'

/**
 * What a disturbed run has otherwise than the undisturbed one, in words; undefined where nothing is. Every attempt
 * must go on from its checkpoint with the next step and report the very metrics and samples; the result and the files of
 * the last checkpoint must be the same to the bit.
 */
export function firstDifference(undisturbed: StageRun, disturbed: StageRun): string | undefined {
  const expected = undisturbed.attempts.flatMap(({ events }) => events)
  const wanted = { metrics: metricsOf(expected), samples: samplesOf(expected) }
  for (const attempt of disturbed.attempts) {
    const found =
      differenceInSteps(attempt, wanted.metrics, metricsOf(attempt.events)) ??
      differenceInSteps(attempt, wanted.samples, samplesOf(attempt.events))
    if (found !== undefined) return found
  }
  return (
    firstMissing(
      wanted.metrics,
      disturbed.attempts.flatMap(({ events }) => metricsOf(events)),
    ) ??
    firstMissing(
      wanted.samples,
      disturbed.attempts.flatMap(({ events }) => samplesOf(events)),
    ) ??
    differenceInValues('the result', resultOf(undisturbed), resultOf(disturbed)) ??
    differenceInValues('the last checkpoint', digestsOf(undisturbed.files), digestsOf(disturbed.files))
  )
}

type Values = Record<string, unknown>
interface StepValues {
  step: number
  values: Values
}

function samplesOf(events: readonly EngineEvent[]): StepValues[] {
  return events.flatMap((event) =>
    event.type === 'samples' ? [{ step: event.step, values: { source: event.source, samples: event.samples } }] : [],
  )
}

/** An attempt reports the steps after its checkpoint one after another, and may be killed after any. */
function differenceInSteps({ resumedAt }: Attempt, expected: StepValues[], actual: StepValues[]) {
  // Step 0 is before the first: a policy is shown as it begins.
  const left = expected.filter(({ step }) => step > resumedAt || resumedAt === 0)
  for (const [i, { step, values }] of actual.entries()) {
    const wanted = left[i]
    const place = `an attempt that went on from step ${resumedAt}`
    if (step !== wanted?.step) return `${place} reports step ${step} where step ${wanted?.step} comes next`
    const found = differenceInValues(`step ${step}`, wanted.values, values)
    if (found !== undefined) return found
  }
  return undefined
}

function firstMissing(expected: readonly StepValues[], actual: readonly StepValues[]): string | undefined {
  const missing = expected.find(({ step }) => !actual.some((one) => one.step === step))
  return missing && `step ${missing.step} is missing`
}

function differenceInValues(place: string, expected: Values, actual: Values): string | undefined {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
  for (const name of names) {
    if (isDeepStrictEqual(expected[name], actual[name])) continue
    const [was, is] = [JSON.stringify(expected[name]), JSON.stringify(actual[name])]
    return `${name} of ${place} is ${was} in the undisturbed run and ${is} in the disturbed one`
  }
  return undefined
}

function resultOf({ attempts }: StageRun): Values {
  const end = attempts.at(-1)?.events.at(-1)
  return end?.type === 'done' ? { ...end.result, step: end.step } : {}
}

/** temper.json holds times, and the manifest its digest. */
function digestsOf(files: readonly CheckpointFile[]): Values {
  const compared = files.filter(({ path }) => path !== 'temper.json' && path !== 'manifest.json')
  return Object.fromEntries(compared.map(({ path, sha256 }) => [path, sha256]))
}
