import type { KilledRun } from './kill-method.ts'
import { type Phase, phases } from './kill-moments.ts'

/** What many killed runs come to. */
export interface Summary {
  runs: number
  kills: number
  /** Runs without a difference. */
  equal: number
  /** Kills that left a part of a checkpoint. */
  halfWritten: number
  /** Kills by what the engine was at. */
  phases: Record<Phase, number>
  /** What each run that differs has otherwise first. */
  differences: string[]
}

export function summarize(runs: readonly KilledRun[]): Summary {
  const kills = runs.flatMap((run) => run.kills)
  const differing = runs.filter(({ difference }) => difference !== undefined)
  const count = (phase: Phase) => kills.filter((kill) => kill.phase === phase).length
  return {
    runs: runs.length,
    kills: kills.length,
    equal: runs.length - differing.length,
    halfWritten: kills.filter(({ halfWritten }) => halfWritten).length,
    phases: Object.fromEntries(phases.map((phase) => [phase, count(phase)])) as Record<Phase, number>,
    differences: differing.map(({ method, difference }) => `${method}: ${difference}`),
  }
}

/** `ppo: 5 kills (rollout 2, checkpoint 1, update 2), equal` */
export function sentence(run: KilledRun): string {
  const { phases, kills } = summarize([run])
  const where = Object.entries(phases).flatMap(([phase, count]) => (count > 0 ? `${phase} ${count}` : []))
  return `${run.method}: ${kills} kills (${where.join(', ')}), ${run.difference ?? 'equal'}`
}
