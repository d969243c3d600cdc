import { mean } from './statistics.ts'

/** Not means: where an iteration ends. */
const lasting = ['learning_rate', 'loss_scale', 'skipped_steps']

/** Means of what the optimizer steps of an iteration report, over those that report it: a skipped one has less. */
export function meanOfUpdates(updates: readonly Record<string, number>[]): Record<string, number> {
  const metrics: Record<string, number> = {}
  for (const name of new Set(updates.flatMap((update) => Object.keys(update)))) {
    const values = updates.flatMap((update) => update[name] ?? [])
    metrics[name] = lasting.includes(name) ? (values.at(-1) ?? Number.NaN) : mean(values)
  }
  return metrics
}
