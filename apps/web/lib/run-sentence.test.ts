import type { StageRun, StageState } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { runSentence, stageSentence } from './run-sentence.ts'

function stage(name: string, state: StageState, status = ''): StageRun {
  const counts = { inputs: [], step: 0, totalSteps: 0, result: {} }
  const none = { headline: null, checkpointId: null, failure: null, startedAt: null, finishedAt: null }
  return { name, type: 'sft', state, status, ...counts, ...none }
}

describe('runSentence', () => {
  it('keeps a sentence that the run has itself', () => {
    expect(runSentence({ state: 'paused', status: 'Paused by Ada', stages: [] })).toBe('Paused by Ada')
  })

  it('says what the running stages do where the run says only that it runs', () => {
    const stages = [stage('sft', 'done'), stage('ppo', 'running', 'Rollout 3 of 9'), stage('dpo', 'running', 'Step 2')]
    expect(runSentence({ state: 'running', status: 'Running', stages })).toBe('ppo (rollout 3 of 9), dpo (step 2)')
  })

  it('names the stages that failed', () => {
    const stages = [stage('sft', 'failed'), stage('ppo', 'skipped')]
    expect(runSentence({ state: 'failed', status: 'Failed', stages })).toBe('sft failed')
  })

  it('counts what is done when nothing runs', () => {
    expect(runSentence({ state: 'done', status: 'Done', stages: [stage('sft', 'done')] })).toBe('1 of 1 stages done')
    expect(runSentence({ state: 'queued', status: 'Queued', stages: [stage('sft', 'waiting')] })).toBe('')
  })
})

describe('stageSentence', () => {
  it('names the inputs that a waiting stage still lacks', () => {
    const ppo = { ...stage('ppo', 'waiting', 'Waiting to start'), inputs: ['sft', 'reward', 'dpo'] }
    const stages = [stage('sft', 'done'), stage('reward', 'running'), stage('dpo', 'waiting'), ppo]
    expect(stageSentence(ppo, stages)).toBe('for reward, dpo')
  })

  it('keeps what a stage says itself, and leaves out what repeats its state', () => {
    expect(stageSentence(stage('ppo', 'running', 'Rollout 3 of 9'), [])).toBe('Rollout 3 of 9')
    expect(stageSentence(stage('ppo', 'done', 'Done'), [])).toBe('')
    expect(stageSentence(stage('ppo', 'done', 'Done after 18 steps'), [])).toBe('after 18 steps')
    expect(stageSentence(stage('ppo', 'skipped', 'Skipped, because sft failed'), [])).toBe('because sft failed')
  })
})
