import { type Checkpoint, newId } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { archiveBytes, checkpointInRun, checkpointTitle, loadingCode } from './checkpoint-words.ts'

function checkpoint(changes: Partial<Checkpoint>): Checkpoint {
  const origin = { runId: null, runName: null, stage: 'dpo', stageType: 'dpo', step: 8, final: true, releasedAs: null }
  const content = { architecture: 'llama', parameters: 1, sizeBytes: 1, metrics: {}, importedFrom: null, files: [] }
  const lineage = { parents: [], data: [], createdAt: '2026-01-01T00:00:00Z' }
  return { id: 'ckpt_abcdefghij2345672345', kind: 'policy', ...origin, ...content, ...lineage, ...changes }
}

describe('checkpointTitle', () => {
  it('prefers the released name, then the stage, and tells steps apart', () => {
    expect(checkpointTitle(checkpoint({ releasedAs: 'stories-dpo' }))).toBe('stories-dpo')
    expect(checkpointTitle(checkpoint({}))).toBe('dpo')
    expect(checkpointTitle(checkpoint({ final: false }))).toBe('dpo, step 8')
    expect(checkpointTitle(checkpoint({ id: newId('checkpoint'), stage: null }))).toMatch(/^imported [a-z2-7]{6}$/)
  })
})

describe('checkpointInRun', () => {
  it('names the run beside the stage, where a run made it', () => {
    expect(checkpointInRun(checkpoint({ runName: 'quickstart' }))).toBe('dpo of quickstart')
    expect(checkpointInRun(checkpoint({}))).toBe('dpo')
  })
})

describe('archiveBytes', () => {
  it('leaves out what only a resumed stage needs', () => {
    const file = (path: string, sizeBytes: number) => ({ path, sizeBytes, sha256: '' })
    expect(archiveBytes([file('model.safetensors', 8), file('resume/state.safetensors', 16)])).toBe(8)
  })
})

describe('loadingCode', () => {
  it('loads the folder that the archive holds', () => {
    expect(loadingCode(checkpoint({}), 'http://host').load).toContain('from_pretrained("dpo-step-8-abcdef")')
    expect(loadingCode(checkpoint({}), 'http://host').fetch).toContain('http://host/v1/checkpoints/ckpt_abcdefghij')
  })

  it('loads a reward model with its head', () => {
    expect(loadingCode(checkpoint({ kind: 'reward' }), '').load).toContain('AutoModelForSequenceClassification')
  })
})
