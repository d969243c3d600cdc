import type { Feeds } from '../forward/index.ts'
import type { PairBatch } from './pair-source.ts'
import type { MetricValues } from './trainer.ts'

/** How many answers of a step are desirable and how many are not. */
export interface AnswerCounts {
  desirable: number
  undesirable: number
  /** `desirableCount` and `undesirableCount`. */
  feeds: Feeds
}

export function countAnswers(batches: readonly PairBatch[]): AnswerCounts {
  const answers = batches.flatMap(({ pairs }) => pairs)
  const desirable = answers.filter((answer) => answer.desirable).length
  const undesirable = answers.length - desirable
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) })
  return { desirable, undesirable, feeds: { desirableCount: scalar(desirable), undesirableCount: scalar(undesirable) } }
}

/** Metrics without the means over a kind of answer that the step does not have. */
export function withoutAbsent(metrics: MetricValues, { desirable, undesirable }: AnswerCounts): MetricValues {
  const absent = [
    ...(desirable === 0 ? ['rewards/chosen', 'logps/chosen', 'nll_loss'] : []),
    ...(undesirable === 0 ? ['rewards/rejected', 'logps/rejected'] : []),
    ...(desirable === 0 || undesirable === 0 ? ['rewards/margins'] : []),
  ]
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => !absent.includes(name)))
}
