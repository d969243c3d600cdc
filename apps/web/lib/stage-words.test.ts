import type { StageRun, StageState } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { formatMetric, isVotingOpen, stageColor, tellingStage } from './stage-words.ts'

function stage(name: string, state: StageState, finishedAt: string | null, value: number | null): StageRun {
  const headline = value === null ? null : { metric: 'loss', value }
  const rest = { inputs: [], status: '', step: 0, totalSteps: 0, checkpointId: null, result: {}, failure: null }
  return { name, type: 'sft', state, headline, ...rest, startedAt: null, finishedAt }
}

describe('tellingStage', () => {
  const done = stage('sft', 'done', '2026-01-01T00:00:00Z', 1)

  it('prefers what runs, then what failed', () => {
    const failed = stage('dpo', 'failed', '2026-01-02T00:00:00Z', 2)
    expect(tellingStage([done, failed, stage('ppo', 'running', null, 3)])?.name).toBe('ppo')
    expect(tellingStage([done, failed])?.name).toBe('dpo')
  })

  it('takes the last one done that has a number', () => {
    const later = stage('evaluate', 'done', '2026-01-02T00:00:00Z', 0.8)
    const release = stage('release', 'done', '2026-01-03T00:00:00Z', null)
    expect(tellingStage([later, done, release])?.name).toBe('evaluate')
  })
})

describe('isVotingOpen', () => {
  it('is not while pairs are sampled, nor once the stage has ended', () => {
    expect(isVotingOpen({ state: 'waiting', totalSteps: 0 })).toBe(false)
    expect(isVotingOpen({ state: 'running', totalSteps: 0 })).toBe(false)
    expect(isVotingOpen({ state: 'running', totalSteps: 120 })).toBe(true)
    expect(isVotingOpen({ state: 'paused', totalSteps: 120 })).toBe(true)
    for (const state of ['done', 'failed', 'cancelled'] as const)
      expect(isVotingOpen({ state, totalSteps: 120 })).toBe(false)
  })
})

describe('formatMetric', () => {
  it.each([
    ['eval_accuracy', 0.876, '87.6 %'],
    ['rewards/accuracies', 1, '100.0 %'],
    ['win_rate', 0.55, '55.0 %'],
    ['accuracy_low', 0.638, '63.8 %'],
    ['completions/clipped_ratio', 0.034, '3.4 %'],
    ['val/ratio', 1, '1'],
    ['learning_rate', 0.005, '0.0050'],
    ['loss', 1.0342, '1.034'],
  ])('shows %s of %d as %s', (name, value, text) => expect(formatMetric(name, value)).toBe(text))
})

describe('stageColor', () => {
  it('gives each stage type its colour and anything else a neutral one', () => {
    expect([
      stageColor('ppo'),
      stageColor('grpo'),
      stageColor('rloo'),
      stageColor('release'),
      stageColor('import'),
    ]).toEqual(['var(--ppo)', 'var(--grpo)', 'var(--rloo)', 'var(--evaluate)', 'var(--muted)'])
  })
})
