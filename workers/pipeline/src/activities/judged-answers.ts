import {
  type EvaluationRow,
  type JudgedAnswer,
  type JudgedAnswers,
  type StageOf,
  TemperError,
} from '@temper/db/contracts'
import type { Judge, JudgedCompletion } from './judge.ts'

/** The rows that the engine wrote, for people to read: every answer with its score, and how it stands to the baseline's. */
export function judgedAnswers(
  rows: EvaluationRow[],
  { baseline, candidates }: Pick<StageOf<'evaluate'>, 'baseline' | 'candidates'>,
  judge: Judge,
): JudgedAnswers[] {
  return rows.map((row, position) => {
    const reference = completionOf(row, position, baseline)
    const judged = candidates.map((name): [string, JudgedAnswer] => {
      const completion = completionOf(row, position, name)
      return [name, { ...toAnswer(completion, judge), verdict: judge.compare(completion, reference) }]
    })
    const first: [string, JudgedAnswer] = [baseline, { ...toAnswer(reference, judge), verdict: null }]
    return { position, prompt: row.prompt, answers: Object.fromEntries([first, ...judged]) }
  })
}

/** Throws `internal` where the row has no completion of the policy. */
export function completionOf({ prompt, completions }: EvaluationRow, index: number, policy: string): JudgedCompletion {
  const completion = completions[policy]
  if (completion) return { ...completion, prompt }
  throw new TemperError('internal', `row ${index + 1} of the evaluation has no completion of '${policy}'`)
}

function toAnswer(completion: JudgedCompletion, judge: Judge) {
  const { text, tokens, endedProperly } = completion
  return { text, tokens, endedProperly, score: judge.score(completion) }
}
