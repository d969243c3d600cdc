import { dpoSchema, grpoSchema, preferencesSchema } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { allSettings, changedSettings } from './stage-settings.ts'

describe('changedSettings', () => {
  it('shows what a recipe states otherwise than the default, and what has no default', () => {
    const stage = dpoSchema.parse({ type: 'dpo', from: 'sft', preferences: 'pairs', beta: 0.2, epochs: 1 })
    expect(changedSettings(stage).map(({ key, value, defaultValue }) => [key, value, defaultValue])).toEqual([
      ['from', 'sft', 'model'],
      ['preferences', 'pairs', undefined],
      ['beta', '0.2', '0.1'],
    ])
  })

  it('compares groups of settings whatever their order', () => {
    const sampling = { maxTokens: 128, topP: 1, topK: 0, temperature: 1 }
    const stage = preferencesSchema.parse({ type: 'preferences', prompts: 'requests', sampling })
    expect(changedSettings(stage).map(({ key }) => key)).toEqual(['prompts'])
  })

  it('tells the length of code in place of it', () => {
    const code = 'export default (samples) =>\n  samples.map(() => 1)\n'
    const stage = grpoSchema.parse({ type: 'grpo', prompts: 'asks', rewards: [{ function: 'even', code }] })
    expect(changedSettings(stage).find(({ key }) => key === 'rewards')?.value).toContain('code 2 lines')
  })

  it('explains every setting that has an explanation', () => {
    const stage = dpoSchema.parse({ type: 'dpo', preferences: 'pairs' })
    expect(allSettings(stage).find(({ key }) => key === 'beta')?.about).toContain('reference')
  })
})
