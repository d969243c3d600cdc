import {
  type Evaluation,
  type EvaluationRow,
  evaluationRowSchema,
  type JudgedAnswers,
  type StageOf,
  TemperError,
  type WinRate,
} from '@temper/db/contracts'
import { appendEvent, getRun, saveEvaluation, sharingStore, updateStage } from '@temper/db/queries'
import type { StageInput } from '../workflows/stage-input.ts'
import type { Dependencies } from './dependencies.ts'
import { readArtifactRows, writeArtifactRows } from './jsonl.ts'
import { createJudge, type Judge, type JudgedCompletion } from './judge.ts'
import { completionOf, judgedAnswers } from './judged-answers.ts'
import { stageOf } from './training-job.ts'
import { winRate } from './win-rate.ts'

/** Judges the completions of every candidate against the baseline's for the same prompts, and keeps them to be read. */
export function createEvaluationActivities({ db, store }: Dependencies) {
  return {
    async judgeCompletions({ runId, stage, completions }: StageInput & { completions: string }): Promise<void> {
      const spec = stageOf(await getRun(db, runId), stage)
      if (spec.type !== 'evaluate') throw new TemperError('internal', `stage '${stage}' is no evaluate stage`)
      const rows = await readArtifactRows(store, completions, evaluationRowSchema)
      const judge = createJudge(spec)
      const answers = judgedAnswers(rows, spec, judge)
      const found = { runId, stage, ...evaluate(rows, answers, spec, judge) }
      const evaluation = await sharingStore(db, async () =>
        saveEvaluation(db, found, await writeArtifactRows(store, answers)),
      )
      const status = Object.entries(evaluation.candidates).map(([name, { rate, low, high }]) =>
        sentence(name, rate, low, high),
      )
      await updateStage(db, runId, stage, {
        status: status.join('; '),
        result: { evaluationId: evaluation.id },
        headline: headline(evaluation),
      })
      const message = `Against ${spec.baseline}, judged by ${judge.name}: ${status.join('; ')}`
      await appendEvent(db, { runId, stage, kind: 'stage', message, key: `${stage}:judged` })
    },
  }
}

type Judged = Omit<Evaluation, 'id' | 'runId' | 'stage' | 'createdAt'>

/** All numbers of an evaluation from the rows the engine wrote, and how each of their answers was judged. */
export function evaluate(
  rows: EvaluationRow[],
  answers: JudgedAnswers[],
  spec: Pick<StageOf<'evaluate'>, 'baseline' | 'candidates'>,
  judge: Judge,
): Judged {
  const baseline = completionsOf(rows, spec.baseline)
  const { kl: _, ...summary } = summarize(baseline, judge)
  const candidates = spec.candidates.map((name): [string, WinRate] => {
    const verdicts = answers.flatMap((judged) => judged.answers[name]?.verdict ?? [])
    return [name, { ...winRate(verdicts), ...summarize(completionsOf(rows, name), judge) }]
  })
  return {
    judge: judge.name,
    prompts: rows.length,
    baseline: { name: spec.baseline, ...summary, topScoreShare: topScoreShare(baseline, judge) },
    candidates: Object.fromEntries(candidates),
  }
}

function completionsOf(rows: EvaluationRow[], policy: string): JudgedCompletion[] {
  return rows.map((row, index) => completionOf(row, index, policy))
}

function summarize(completions: JudgedCompletion[], judge: Judge) {
  return {
    properEndings: mean(completions.map(({ endedProperly }) => (endedProperly ? 1 : 0))),
    meanTokens: mean(completions.map(({ tokens }) => tokens)),
    meanJudgeScore: mean(completions.map(judge.score)),
    meanReward: meanOrNull(completions.map(({ score }) => score)),
    kl: meanOrNull(completions.map(({ kl }) => kl)),
  }
}

/** Null for a judge whose scores have no highest value. */
function topScoreShare(completions: JudgedCompletion[], judge: Judge): number | null {
  const { best, score } = judge
  if (best === null) return null
  // Scores are sums of fractions: the last bits differ.
  return mean(completions.map((completion) => (score(completion) >= best - 1e-6 ? 1 : 0)))
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function meanOrNull(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === values.length ? mean(known) : null
}

function sentence(name: string, rate: number, low: number, high: number): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return `${name} wins ${percent(rate)} (${percent(low)} to ${percent(high)})`
}

function headline({ candidates }: Evaluation) {
  const best = Math.max(...Object.values(candidates).map(({ rate }) => rate))
  return { metric: 'win_rate', value: best }
}
