import type { EngineEvent, TrainingJob } from '@temper/db/contracts'
import { lastCheckpoint, metricsOf, runToyJob } from '@temper/engine/toy'

/** Metrics by name, a value a step. */
export type Trajectory = Record<string, number[]>

const recorded = ['loss', 'grad_norm', 'objective/scores', 'objective/kl', 'reward', 'kl'] as const

/** What of a job's numbers is recorded: loss and gradient norm of each step; also reward and KL where a method has them. */
export function trajectoryOf(events: readonly EngineEvent[]): Trajectory {
  const steps = metricsOf(events).map(({ values }) => values)
  const present = recorded.filter((name) => steps.some((values) => name in values))
  return Object.fromEntries(present.map((name) => [name, steps.map((values) => values[name] ?? Number.NaN)]))
}

export async function runTrajectory(job: TrainingJob): Promise<Trajectory> {
  return trajectoryOf(await runToyJob(job))
}

/** The same job, interrupted after `steps` and resumed from its checkpoint, each part as a process of its own has it. */
export async function runResumed(job: TrainingJob, steps: number): Promise<Trajectory> {
  const first = await runToyJob({ ...job, segment: { maxSteps: steps } })
  const rest = await runToyJob({ ...job, resumeFrom: lastCheckpoint(first) })
  return trajectoryOf([...first, ...rest])
}

/** The largest difference, as a share of the largest value of its metric. */
export function largestDifference(expected: Trajectory, actual: Trajectory): number {
  const shares = Object.entries(expected).map(([name, values]) => {
    const others = actual[name] ?? []
    const scale = Math.max(...values.map(Math.abs))
    if (others.length !== values.length) return Number.POSITIVE_INFINITY
    return Math.max(...values.map((value, i) => Math.abs(value - (others[i] ?? Number.NaN)))) / scale
  })
  return Math.max(...shares)
}
