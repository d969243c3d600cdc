import type { Evaluation, RunSummary, StageRun } from '@temper/db/contracts'

/** What the quickstart prints at its end; with --json as its last line. Shares are from 0 to 1, times in seconds. */
export interface Summary {
  seconds: number
  stages: Record<string, Record<string, number>>
  /** Against the fine-tuned model, with a 95 % interval; beside it what a policy may have paid for it. */
  winRates: Record<string, { rate: number; low: number; high: number; kl: number | null; meanTokens: number }>
  properEndings: Record<string, number>
  checkpoints: Record<string, string>
}

/** @param evaluations of the run; a candidate of several takes the last */
export function summarize(run: RunSummary, evaluations: readonly Evaluation[]): Summary {
  const candidates = evaluations.flatMap((evaluation) => Object.entries(evaluation.candidates))
  return {
    seconds: secondsBetween(run.createdAt, run.finishedAt),
    stages: Object.fromEntries(run.stages.map((stage) => [stage.name, describeStage(stage)])),
    winRates: Object.fromEntries(
      candidates.map(([name, { rate, low, high, kl, meanTokens }]) => [name, { rate, low, high, kl, meanTokens }]),
    ),
    properEndings: Object.fromEntries(candidates.map(([name, { properEndings }]) => [name, properEndings])),
    checkpoints: Object.fromEntries(
      run.stages.flatMap(({ name, checkpointId }) => (checkpointId === null ? [] : [[name, checkpointId]])),
    ),
  }
}

/** Its time, its headline, and every number that it is judged by. */
function describeStage(stage: StageRun): Record<string, number> {
  const numbers = Object.entries(stage.result).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  )
  const headline = stage.headline === null ? {} : { [stage.headline.metric]: stage.headline.value }
  return { seconds: secondsBetween(stage.startedAt, stage.finishedAt), ...headline, ...Object.fromEntries(numbers) }
}

function secondsBetween(from: string | null, to: string | null): number {
  if (from === null || to === null) return 0
  return Math.round((Date.parse(to) - Date.parse(from)) / 100) / 10
}

/** The summary for people. */
export function formatSummary(summary: Summary): string {
  const policies = Object.entries(summary.winRates).map(([name, { rate, low, high, kl, meanTokens }]) => {
    const wins = `wins ${percent(rate)} against the fine-tuned model (95 % interval ${percent(low)} to ${percent(high)})`
    const endings = `${percent(summary.properEndings[name] ?? 0)} end properly`
    const price = `${meanTokens.toFixed(0)} tokens${kl === null ? '' : `, KL ${kl.toFixed(2)}`}`
    return `  ${name}: ${wins}, ${endings}, ${price}`
  })
  return [`Done in ${Math.round(summary.seconds)} s.`, ...policies].join('\n')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
