import { type Completion, type Message, type StageOf, TemperError, type Verdict } from '@temper/db/contracts'
import { requestOf, type TasteName, tastes } from '../simulation/index.ts'

export interface JudgedCompletion extends Completion {
  prompt: Message[]
  /** The learned reward; null where no reward model was asked. */
  score: number | null
  kl: number | null
}

export interface Judge {
  name: string
  /** The highest score there can be; null where there is none. */
  best: number | null
  score: (completion: JudgedCompletion) => number
  compare: (candidate: JudgedCompletion, baseline: JudgedCompletion) => Verdict
}

/** The judge a recipe names: a stated taste, or a reward model of the run. */
export function createJudge({ judge, tieMargin }: Pick<StageOf<'evaluate'>, 'judge' | 'tieMargin'>): Judge {
  const { name, best, score } = 'taste' in judge ? tasteJudge(judge.taste) : rewardJudge(judge.reward)
  const prefers = (first: JudgedCompletion, second: JudgedCompletion): 'first' | 'second' | 'tie' => {
    const difference = score(first) - score(second)
    if (difference === 0 || Math.abs(difference) < tieMargin) return 'tie'
    return difference > 0 ? 'first' : 'second'
  }
  return { name, best, score, compare: bothOrders(prefers) }
}

/** A completion wins if it is preferred in either place; a judge that changes its mind with the order has seen a tie. */
export function bothOrders<T>(prefers: (first: T, second: T) => 'first' | 'second' | 'tie') {
  return (candidate: T, baseline: T): Verdict => {
    const [shownFirst, shownSecond] = [prefers(candidate, baseline), prefers(baseline, candidate)]
    if (shownFirst === 'first' && shownSecond === 'second') return 'win'
    if (shownFirst === 'second' && shownSecond === 'first') return 'loss'
    return 'tie'
  }
}

function tasteJudge(name: TasteName) {
  const { topScore, score } = tastes[name]
  return { name: `taste: ${name}`, best: topScore, score: (c: JudgedCompletion) => score(requestOf(c.prompt), c) }
}

function rewardJudge(stage: string) {
  const score = ({ score }: JudgedCompletion) => {
    if (score !== null) return score
    throw new TemperError('internal', `the engine scored no completions by the reward model of '${stage}'`)
  }
  return { name: `reward model: ${stage}`, best: null, score }
}
