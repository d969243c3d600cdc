import { type MetricPoint, metrics, type StageType } from '@temper/db/contracts'

/** One chart: metrics that belong together. With `split`, the second has an axis of its own on the right. */
export interface CurvePlan {
  title: string
  names: string[]
  split: boolean
  note: string
}

const plan = (title: string, names: string[], extra: Partial<CurvePlan> = {}): CurvePlan => {
  return { title, names, split: false, note: '', ...extra }
}

const languageModel = [
  plan('Loss', ['loss', 'val_loss']),
  plan('Token accuracy', ['mean_token_accuracy']),
  plan('Perplexity', ['perplexity']),
  plan('Gradient norm', ['grad_norm']),
  plan('Learning rate', ['learning_rate']),
  plan('Tokens a second', ['tokens_per_second']),
]

/** What is worth drawing, most telling first. */
const plans: Partial<Record<StageType, CurvePlan[]>> = {
  pretrain: languageModel,
  sft: languageModel,
  reward: [
    plan('Accuracy', ['accuracy', 'eval_accuracy']),
    plan('Loss', ['loss', 'eval_loss']),
    plan('Margin', ['margin', 'eval_margin']),
    plan('Rewards', ['mean_reward', 'min_reward', 'max_reward']),
  ],
  dpo: [
    plan('Accuracy', ['rewards/accuracies', 'eval_accuracy']),
    plan('Margin', ['rewards/margins', 'eval_margin']),
    plan('Implicit rewards', ['rewards/chosen', 'rewards/rejected']),
    plan('Log-probabilities', ['logps/chosen', 'logps/rejected'], {
      note: 'The chosen log-prob usually falls too; what counts is the distance.',
    }),
    plan('Loss', ['loss', 'eval_loss'], { note: 'The sigmoid loss starts at ln 2 = 0.693.' }),
  ],
  ppo: [
    plan('True taste and learned reward', ['objective/true_scores', 'objective/scores'], {
      split: true,
      note: 'Where the learned reward rises and the true taste does not, the policy exploits the reward model.',
    }),
    plan('KL to the reference', ['objective/kl']),
    plan('Completion length', ['completions/mean_length']),
    plan('Completions that end properly', ['val/num_eos_tokens']),
    plan('Reward with KL penalty', ['objective/rlhf_reward', 'objective/non_score_reward']),
    plan('Entropy', ['objective/entropy']),
    plan('Losses', ['loss/policy_avg', 'loss/value_avg']),
    plan('Explained variance', ['val/explained_variance']),
    plan('Clipped share', ['policy/clipfrac_avg', 'val/clipfrac_avg']),
    plan('Seconds', ['timing/generate', 'timing/score', 'timing/update']),
  ],
}

/** The charts of a stage for the metrics it has logged; metrics that no plan names follow alone. */
export function planCurves(stageType: StageType, logged: readonly string[]): CurvePlan[] {
  const has = new Set(logged)
  const planned = (plans[stageType] ?? [])
    .map((chart) => ({ ...chart, names: chart.names.filter((name) => has.has(name)) }))
    .filter((chart) => chart.names.length > 0)
    .map((chart) => ({ ...chart, split: chart.split && chart.names.length > 1 }))
  const drawn = new Set(planned.flatMap((chart) => chart.names))
  const rest = logged.filter((name) => !drawn.has(name) && name !== 'num_tokens')
  return [...planned, ...rest.map((name) => plan(name, [name]))]
}

export function aboutMetric(name: string): string {
  const known: Partial<Record<string, (typeof metrics)[keyof typeof metrics]>> = metrics
  const metric = known[name]
  if (metric === undefined) return ''
  return metric.better === 'none' ? metric.about : `${metric.about} (${metric.better} is better)`
}

/** Columns that share their steps, as charts and tables need them; a step without a value is a gap. */
export interface CurveTable {
  steps: number[]
  columns: Map<string, (number | null)[]>
}

export function tabulate(points: readonly MetricPoint[]): CurveTable {
  const steps = [...new Set(points.map((point) => point.step))].sort((a, b) => a - b)
  const rowOf = new Map(steps.map((step, row) => [step, row]))
  const columns: CurveTable['columns'] = new Map()
  for (const { name, step, value } of points) {
    const column = columns.get(name) ?? new Array<number | null>(steps.length).fill(null)
    column[rowOf.get(step) ?? 0] = value
    columns.set(name, column)
  }
  return { steps, columns }
}

/** The table for some metrics only, without the steps at which none of them was logged. */
export function selectColumns(table: CurveTable, names: readonly string[]): CurveTable {
  const columns = names.map((name) => table.columns.get(name) ?? [])
  const rows = table.steps
    .map((_, row) => row)
    .filter((row) => columns.some((column) => typeof column[row] === 'number'))
  return {
    steps: rows.map((row) => table.steps[row] ?? 0),
    columns: new Map(names.map((name, index) => [name, rows.map((row) => columns[index]?.[row] ?? null)])),
  }
}
