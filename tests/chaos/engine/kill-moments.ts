import type { EngineEvent } from '@temper/db/contracts'
import { random, randomInt } from '@temper/engine/random'
import type { Attempt } from './run-attempt.ts'

/** What an engine is at between two of its reports; kills take them in this order. */
export const phases = ['checkpoint', 'rollout', 'step', 'update', 'preparing', 'ending'] as const
export type Phase = (typeof phases)[number]

/** From a report to the next, as an undisturbed run has it. */
export interface Gap {
  phase: Phase
  /** The report that it begins with; the start of the job where undefined. */
  after: Pick<StepEvent, 'type' | 'step'> | undefined
  durationMs: number
}

/** `delayMs` after a report. */
export interface Moment extends Pick<Gap, 'phase' | 'after'> {
  delayMs: number
}

type StepEvent = Extract<EngineEvent, { step: number }>

/** What an undisturbed run does, in order. */
export function gapsOf({ events, timesMs }: Pick<Attempt, 'events' | 'timesMs'>): Gap[] {
  const reports = events.flatMap((event, i) => ('step' in event ? [{ event, atMs: timesMs[i] ?? 0 }] : []))
  return reports.flatMap(({ event, atMs }, i) => {
    const before = reports[i - 1]
    const phase = phaseBetween(before?.event, event)
    const after = before && { type: before.event.type, step: before.event.step }
    return phase === undefined ? [] : [{ phase, after, durationMs: atMs - (before?.atMs ?? 0) }]
  })
}

/** Metrics and progress are reported together: nothing happens between them. */
function phaseBetween(before: StepEvent | undefined, event: StepEvent): Phase | undefined {
  if (before === undefined) return 'preparing'
  if (isRollout(event)) return 'rollout'
  if (event.type === 'metrics') return isRollout(before) ? 'update' : 'step'
  if (event.type === 'checkpoint') return 'checkpoint'
  return event.type === 'done' ? 'ending' : undefined
}

function isRollout(event: StepEvent): boolean {
  return event.type === 'samples' && event.source === 'rollout'
}

/** Of a run that is to be killed again. */
export interface Progress {
  /** Kill number `nth`, from 0: each phase of the method has its turn, however short it is. */
  nth: number
  /** Steps that are behind the run. */
  from: number
  /** The kill comes at this step at the latest, where the phase has a place so early. */
  upTo: number
}

/** Milliseconds; what is shorter cannot be aimed at. */
const shortest = 2

/**
 * A random moment of what is left of a run; undefined where the phase has none.
 * @param draw - seed and counters of the draw
 */
export function randomMoment(
  gaps: readonly Gap[],
  { nth, from, upTo }: Progress,
  draw: readonly [seed: number, ...counters: number[]],
): Moment | undefined {
  const aimedAt = gaps.filter(({ durationMs }) => durationMs >= shortest)
  const present = phases.filter((phase) => aimedAt.some((gap) => gap.phase === phase))
  const phase = present[nth % present.length]
  const left = aimedAt.filter((gap) => gap.phase === phase && (gap.after === undefined || gap.after.step > from))
  const near = left.filter(({ after }) => after === undefined || after.step <= upTo)
  const choice = near.length > 0 ? near : left
  const gap = choice[randomInt(choice.length, ...draw, 0)]
  return gap && { phase: gap.phase, after: gap.after, delayMs: gap.durationMs * random(...draw, 1) }
}
