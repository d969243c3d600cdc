import type { MetricName, StageRun, StageType } from '@temper/db/contracts'

/** The number that tells most about a stage, first choice first. */
const choices: Partial<Record<StageType, MetricName[]>> = {
  pretrain: ['val_loss', 'loss'],
  sft: ['loss'],
  reward: ['eval_accuracy', 'accuracy'],
  ppo: ['objective/true_scores', 'objective/scores'],
  grpo: ['objective/true_scores', 'reward'],
  rloo: ['objective/true_scores', 'reward'],
  dpo: ['rewards/accuracies', 'rewards/margins'],
}

/** Undefined where the values hold none of the stage's telling numbers. */
export function headlineOf(type: StageType, values: Record<string, number>): StageRun['headline'] | undefined {
  for (const metric of choices[type] ?? []) {
    const value = values[metric]
    if (value !== undefined) return { metric, value }
  }
  return undefined
}
