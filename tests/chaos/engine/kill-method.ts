import { rm } from 'node:fs/promises'
import { random, seedOf } from '@temper/engine/random'
import { firstDifference } from './first-difference.ts'
import type { KillGround } from './kill-ground.ts'
import { type Gap, gapsOf, randomMoment } from './kill-moments.ts'
import type { Method } from './methods.ts'
import type { Attempt } from './run-attempt.ts'
import { type Disturbance, runStage } from './run-stage.ts'

/** A run that was killed several times, beside the undisturbed one. */
export interface KilledRun {
  method: Method
  kills: NonNullable<Attempt['killed']>[]
  /** What it has otherwise first. */
  difference: string | undefined
}

/** Kills of one run at most: it still has to get somewhere between them. */
const killsOfRun = 5

/**
 * Runs a method undisturbed, then again and again with its engine killed at random moments, until `kills` of them have
 * landed; a kill that comes after the end is none.
 */
export async function* killMethod(
  ground: KillGround,
  method: Method,
  { kills, seed }: { kills: number; seed: number },
): AsyncGenerator<KilledRun> {
  const undisturbed = await runStage(ground, ground.task.job(method, `${method}-undisturbed`))
  const gaps = undisturbed.attempts.flatMap(gapsOf)
  let [left, drawn] = [kills, 0]
  for (let run = 0; left > 0; run++) {
    if (run > 2 * kills + 10) throw new Error(`${method}: ${left} of ${kills} kills came after the end, run after run`)
    const job = ground.task.job(method, `${method}-${run}`)
    const plan = { drawn, kills: Math.min(killsOfRun, left), seed, counters: [seedOf(method), run] }
    const disturbed = await runStage(ground, job, planOf(gaps, plan))
    const landed = disturbed.attempts.flatMap(({ killed }) => killed ?? [])
    left -= landed.length
    drawn += disturbed.attempts.length
    yield { method, kills: landed, difference: firstDifference(undisturbed, disturbed) }
    await rm(job.outDir, { recursive: true, force: true })
  }
}

interface Plan {
  /** Moments drawn in runs before: one that cannot be met must not come up again and again. */
  drawn: number
  kills: number
  seed: number
  counters: number[]
}

/** Kills spread over what is left of the run; half of the attempts find no folder of the ones before. */
function planOf(gaps: readonly Gap[], { drawn, kills, seed, counters }: Plan) {
  const steps = Math.max(...gaps.map(({ after }) => after?.step ?? 0))
  let planned = 0
  return (resumedAt: number): Disturbance => {
    if (planned === kills) return {}
    const upTo = resumedAt + Math.ceil((steps - resumedAt) / (kills - planned))
    const progress = { nth: drawn + planned, from: resumedAt, upTo }
    const draw = [seed, ...counters, planned++] as const
    return { kill: randomMoment(gaps, progress, draw), elsewhere: random(...draw, 2) < 0.5 }
  }
}
