import { type EvaluationRow, judgedAnswersSchema } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluation.ts'
import { bothOrders, createJudge } from './judge.ts'
import { judgedAnswers } from './judged-answers.ts'

const completion = (score: number | null, endedProperly = true, kl: number | null = 0.5) => ({
  text: '',
  tokens: 10,
  endedProperly,
  score,
  kl,
})
const row = (base: number, candidate: number): EvaluationRow => ({
  prompt: [{ role: 'user', content: 'Write.' }],
  completions: { sft: completion(base, false, 0), ppo: completion(candidate) },
})
const spec = { baseline: 'sft', candidates: ['ppo'], judge: { reward: 'reward' }, tieMargin: 0.5 }

const found = (rows: EvaluationRow[]) => {
  const judge = createJudge(spec)
  return evaluate(rows, judgedAnswers(rows, spec, judge), spec, judge)
}

describe('evaluate', () => {
  const rows = [row(0, 1), row(0, 0.4), row(1, 0), row(0, 3)]
  const { baseline, candidates, judge, prompts } = found(rows)

  it('counts wins, losses and scores within the tie margin', () => {
    expect(candidates.ppo).toMatchObject({ wins: 2, losses: 1, ties: 1, rate: 0.625 })
  })

  it('reports lengths, endings, rewards and KL beside the rate', () => {
    expect(candidates.ppo).toMatchObject({ meanTokens: 10, properEndings: 1, meanReward: 1.1, kl: 0.5 })
    expect(baseline).toMatchObject({ name: 'sft', properEndings: 0, meanReward: 0.25 })
  })

  it('names the judge, and claims no top score where there is none', () => {
    expect({ judge, prompts, top: baseline.topScoreShare }).toEqual({
      judge: 'reward model: reward',
      prompts: 4,
      top: null,
    })
  })
})

describe('judgedAnswers', () => {
  const rows = [row(0, 1), row(1, 0), row(0, 0.4)]
  const judged = judgedAnswers(rows, spec, createJudge(spec))

  it('keep every answer with its score and verdict, the baseline first and without one', () => {
    const said = { text: '', tokens: 10 }
    expect(judged[0]).toEqual({
      position: 0,
      prompt: [{ role: 'user', content: 'Write.' }],
      answers: {
        sft: { ...said, endedProperly: false, score: 0, verdict: null },
        ppo: { ...said, endedProperly: true, score: 1, verdict: 'win' },
      },
    })
    expect(Object.keys(judged[0]?.answers ?? {})).toEqual(['sft', 'ppo'])
    expect(judgedAnswersSchema.array().parse(judged)).toEqual(judged)
  })

  it('say how each answer stands to the baseline’s', () => {
    expect(judged.map(({ answers }) => answers.ppo?.verdict)).toEqual(['win', 'loss', 'tie'])
  })

  it('say which policy a row lacks', () => {
    expect(() => judgedAnswers(rows, { ...spec, candidates: ['dpo'] }, createJudge(spec))).toThrow(
      "row 1 of the evaluation has no completion of 'dpo'",
    )
  })
})

describe('bothOrders', () => {
  it('sees a tie where the judge prefers a place', () => {
    expect(bothOrders(() => 'first')('a', 'b')).toBe('tie')
  })

  it('sees a win where the judge prefers the candidate in either place', () => {
    expect(bothOrders<string>((first) => (first === 'a' ? 'first' : 'second'))('a', 'b')).toBe('win')
    expect(bothOrders<string>((first) => (first === 'a' ? 'second' : 'first'))('a', 'b')).toBe('loss')
  })
})
