import type { Evaluation, RunSummary, StageRun, WinRate } from '@temper/db/contracts'
import { describe, expect, test } from 'vitest'
import { formatSummary, summarize } from './summary.ts'
import { formatTable } from './table.ts'

const stage: StageRun = {
  name: 'reward',
  type: 'reward',
  inputs: [],
  state: 'done',
  status: '',
  step: 120,
  totalSteps: 120,
  headline: { metric: 'eval_accuracy', value: 0.875 },
  checkpointId: 'ckpt_aaaaaaaaaaaaaaaaaaaa',
  result: { accuracy: 0.875, pairs: 150, judge: 'stories' },
  failure: null,
  startedAt: '2026-01-01T00:00:10.000Z',
  finishedAt: '2026-01-01T00:00:31.500Z',
}
const waiting: StageRun = {
  ...stage,
  name: 'ppo',
  state: 'running',
  status: 'iteration 3',
  headline: null,
  checkpointId: null,
  result: {},
  finishedAt: null,
}
const run: RunSummary = {
  id: 'run_aaaaaaaaaaaaaaaaaaaa',
  name: 'quickstart',
  state: 'done',
  status: 'done',
  seed: 42,
  failure: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:05:00.000Z',
  stages: [stage, waiting],
}
const winRate: WinRate = {
  rate: 0.85,
  low: 0.79,
  high: 0.9,
  wins: 80,
  losses: 10,
  ties: 10,
  properEndings: 0.98,
  meanTokens: 50,
  meanJudgeScore: 8,
  meanReward: null,
  kl: 1.5,
}
const baseline = {
  name: 'sft',
  properEndings: 0.9,
  meanTokens: 48,
  meanJudgeScore: 5,
  topScoreShare: 0.1,
  meanReward: null,
}
const evaluation: Evaluation = {
  id: 'eval_aaaaaaaaaaaaaaaaaaaa',
  runId: run.id,
  stage: 'evaluate',
  judge: 'stories',
  prompts: 100,
  baseline,
  candidates: { ppo: winRate },
  createdAt: run.createdAt,
}

describe('summarize', () => {
  test('gives seconds, numbers by stage, win-rates and final checkpoints', () => {
    expect(summarize(run, [evaluation])).toEqual({
      seconds: 300,
      stages: { reward: { seconds: 21.5, eval_accuracy: 0.875, accuracy: 0.875, pairs: 150 }, ppo: { seconds: 0 } },
      winRates: { ppo: { rate: 0.85, low: 0.79, high: 0.9, kl: 1.5, meanTokens: 50 } },
      properEndings: { ppo: 0.98 },
      checkpoints: { reward: 'ckpt_aaaaaaaaaaaaaaaaaaaa' },
    })
  })

  test('says for people how often each policy wins', () => {
    expect(formatSummary(summarize(run, [evaluation]))).toBe(
      'Done in 300 s.\n' +
        '  ppo: wins 85.0 % against the fine-tuned model (95 % interval 79.0 % to 90.0 %), 98.0 % end properly, 50 tokens, KL 1.50',
    )
  })
})

describe('formatTable', () => {
  test('shows state, steps, time, headline and what a stage does', () => {
    expect(formatTable(run, Date.parse('2026-01-01T00:00:15.000Z'))).toEqual([
      '✓ reward      120/120    22 s  eval_accuracy 0.875',
      '▶ ppo         120/120     5 s                              iteration 3',
    ])
  })
})
