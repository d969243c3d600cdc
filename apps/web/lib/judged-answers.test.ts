import type { Evaluation } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { answerFigures, answersPath, countOf, promptText } from './judged-answers.ts'

const measured = { properEndings: 1, meanTokens: 3, meanJudgeScore: 0.5, meanReward: null }
const evaluation: Evaluation = {
  id: 'eval_abcdefghij2345672345',
  runId: 'run_abcdefghij2345672345',
  stage: 'evaluate',
  judge: 'taste: stories',
  prompts: 10,
  baseline: { name: 'sft', ...measured, topScoreShare: null },
  candidates: { 'ppo-2': { ...measured, rate: 0.65, low: 0.4, high: 0.8, wins: 5, losses: 2, ties: 3, kl: 1 } },
  createdAt: '2026-01-01T00:00:00Z',
}

describe('a filter of answers', () => {
  it('leaves as many prompts as were judged so', () => {
    const verdicts = ['all', 'win', 'loss', 'tie'] as const
    expect(verdicts.map((verdict) => countOf(evaluation, { candidate: 'ppo-2', verdict }))).toEqual([10, 5, 2, 3])
    expect(countOf(evaluation, { candidate: 'nobody', verdict: 'win' })).toBe(0)
  })

  it('is asked for with the candidate, all without one, and each page by its cursor', () => {
    const path = '/v1/runs/run_abcdefghij2345672345/evaluations/eval_abcdefghij2345672345/answers?limit=20'
    expect(answersPath(evaluation, { candidate: 'ppo-2', verdict: 'all' }, '')).toBe(path)
    const wins = `${path}&candidate=ppo-2&verdict=win&cursor=512`
    expect(answersPath(evaluation, { candidate: 'ppo-2', verdict: 'win' }, '512')).toBe(wins)
  })
})

describe('the figures of an answer', () => {
  it('are its score and length, and that the limit cut it', () => {
    const answer = { text: 'A fox.', tokens: 24, endedProperly: true, score: 2.5, verdict: null }
    expect(answerFigures(answer)).toBe('score 2.500, 24 tokens')
    expect(answerFigures({ ...answer, tokens: 1, score: -1, endedProperly: false })).toBe(
      'score −1, 1 token, cut at the limit',
    )
  })
})

describe('a prompt', () => {
  it('is a lone request as it is, and a dialogue with its speakers', () => {
    expect(promptText([{ role: 'user', content: 'Write.' }])).toBe('Write.')
    const dialogue = [
      { role: 'system' as const, content: 'Be kind.' },
      { role: 'user' as const, content: 'Hello' },
    ]
    expect(promptText(dialogue)).toBe('System: Be kind.\n\nUser: Hello')
  })
})
