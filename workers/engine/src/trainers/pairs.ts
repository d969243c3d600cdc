import type { PreferenceRow } from '@temper/db/contracts'
import { preferenceSequences, type Sequence } from '../data/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'

/** A judged pair as token sequences: prompt and answer, with the loss on the answer. */
export interface Pair {
  chosen: Sequence
  rejected: Sequence
  tie: boolean
  /** Of a tie: neither answer is any good. */
  bothBad: boolean
  /** Of the votes: 1 slightly better, 2 better, 3 much better. */
  strength: number
  /** Of single answers (`judgedAnswers`), which stand where a chosen one does. */
  desirable?: boolean
}

export function pairsOf(rows: readonly PreferenceRow[], tokenizer: Tokenizer, maxLength: number): Pair[] {
  return rows.map((row, i) => {
    const { tie, bothBad, strength } = row
    const { chosen, rejected } = preferenceSequences(tokenizer, row, maxLength)
    const dataRows = [i + 1]
    return { chosen: { ...chosen, dataRows }, rejected: { ...rejected, dataRows }, tie, bothBad, strength }
  })
}

/** Metrics of a step without those of decided pairs where it has none. */
export function withoutUndecided(
  metrics: Record<string, number>,
  pairs: readonly Pick<Pair, 'tie'>[],
): Record<string, number> {
  if (withoutTies(pairs).length > 0) return metrics
  const { accuracy: _, margin: __, 'rewards/accuracies': ___, 'rewards/margins': ____, ...rest } = metrics
  return rest
}

export function withoutTies<P extends { tie: boolean }>(pairs: readonly P[]): P[] {
  return pairs.filter(({ tie }) => !tie)
}

/** Of judged pairs: decided ones, those voted a tie, and those whose answers were both called bad. */
export function countPairs(judged: readonly Pick<PreferenceRow, 'tie' | 'bothBad'>[]) {
  const bad = judged.filter(({ bothBad }) => bothBad).length
  const decided = withoutTies(judged).length
  return { pairs_decided: decided, pairs_tied: judged.length - decided - bad, pairs_both_bad: bad }
}
