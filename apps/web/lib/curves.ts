import { type MetricName, type MetricPoint, wordsOfMetric } from '@temper/db/contracts'

/** One chart: metrics that belong together. */
export interface CurvePlan {
  title: string
  names: string[]
  /** The second has an axis of its own on the right. */
  split: boolean
  /** Shaded from the first of these metrics to the second: both are drawn. */
  band: readonly [low: string, high: string] | null
}

interface Chart {
  title: string
  /** `*` stands for the name of any reward. */
  names: readonly MetricName[]
  /** Drawn only where this one was logged; else its metrics are left to the charts after it. */
  needs?: MetricName
  split?: boolean
  band?: readonly [MetricName, MetricName]
}

/** What belongs together, whatever stage logs it; most telling first. */
const charts: readonly Chart[] = [
  {
    title: 'True taste and learned reward',
    names: ['objective/true_scores', 'objective/scores', 'reward'],
    needs: 'objective/true_scores',
    split: true,
  },
  { title: 'Learned reward', names: ['objective/scores', 'reward'] },
  { title: 'Scores by each reward', names: ['rewards/*/mean'] },
  { title: 'Deviation of scores by each reward', names: ['rewards/*/std'] },
  { title: 'Deviation within a group', names: ['reward_std'] },
  { title: 'Groups that teach nothing', names: ['frac_reward_zero_std'] },
  { title: 'KL to the reference', names: ['objective/kl', 'kl'] },
  { title: 'KL coefficient', names: ['objective/kl_coef'] },
  {
    title: 'Completion length',
    names: ['completions/mean_length', 'completions/min_length', 'completions/max_length'],
    band: ['completions/min_length', 'completions/max_length'],
  },
  { title: 'Completions that were cut', names: ['completions/clipped_ratio'] },
  { title: 'Completions that end properly', names: ['val/num_eos_tokens'] },
  { title: 'Reward with KL penalty', names: ['objective/rlhf_reward', 'objective/non_score_reward'] },
  { title: 'Entropy of completions', names: ['objective/entropy'] },
  { title: 'Accuracy', names: ['accuracy', 'rewards/accuracies', 'eval_accuracy'] },
  { title: 'Margin', names: ['margin', 'rewards/margins', 'eval_margin'] },
  { title: 'Implicit rewards', names: ['rewards/chosen', 'rewards/rejected'] },
  { title: 'Log-probabilities', names: ['logps/chosen', 'logps/rejected'] },
  { title: 'Rewards', names: ['mean_reward', 'min_reward', 'max_reward'], band: ['min_reward', 'max_reward'] },
  { title: 'Loss', names: ['loss', 'val_loss', 'eval_loss'] },
  { title: 'Token accuracy', names: ['mean_token_accuracy'] },
  { title: 'Perplexity', names: ['perplexity'] },
  { title: 'Entropy of tokens', names: ['entropy'] },
  { title: 'Explained variance', names: ['val/explained_variance'] },
  { title: 'Clipped share', names: ['policy/clipfrac_avg', 'val/clipfrac_avg', 'clip_ratio'] },
  { title: 'Ratio of new to old', names: ['val/ratio'] },
  { title: 'Change an update', names: ['policy/approxkl_avg', 'val/ratio_var'] },
  { title: 'Policy loss and value loss', names: ['loss/policy_avg', 'loss/value_avg'] },
  { title: 'Balance of experts', names: ['router_aux_loss'] },
  {
    title: 'Load of experts',
    names: ['min_expert_load', 'max_expert_load'],
    band: ['min_expert_load', 'max_expert_load'],
  },
  { title: 'Gradient norm', names: ['grad_norm'] },
  { title: 'Learning rate', names: ['learning_rate'] },
  { title: 'Tokens a second', names: ['tokens_per_second'] },
  { title: 'Share of the peak', names: ['mfu'] },
  { title: 'Tokens seen', names: ['num_tokens'] },
  { title: 'Sampler beside trainer', names: ['sampling/logp_difference'] },
  { title: 'Seconds', names: ['timing/generate', 'timing/score', 'timing/update'] },
]

/** The charts of what a stage has logged; metrics that no chart names follow alone. Every metric is on one of them. */
export function planCurves(logged: readonly string[]): CurvePlan[] {
  const has = new Set(logged)
  const left = new Set(logged)
  const planned = charts.flatMap(({ title, names, needs, split = false, band }): CurvePlan[] => {
    if (needs !== undefined && !has.has(needs)) return []
    const drawn = names.flatMap((name) => loggedAs(name, logged)).filter((name) => left.delete(name))
    const shaded = band?.every((name) => has.has(name)) ? band : null
    return drawn.length === 0 ? [] : [{ title, names: drawn, split: split && drawn.length > 1, band: shaded }]
  })
  const rest = [...left]
  return [...planned, ...rest.map((name) => ({ title: name, names: [name], split: false, band: null }))]
}

function loggedAs(name: string, logged: readonly string[]): string[] {
  const [before = '', after] = name.split('*')
  if (after === undefined) return logged.filter((other) => other === name)
  return logged.filter((other) => other.startsWith(before) && other.endsWith(after))
}

export function aboutMetric(name: string): string {
  const words = wordsOfMetric(name)
  if (words === undefined) return ''
  return words.better === 'none' ? words.about : `${words.about} (${words.better} is better)`
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
