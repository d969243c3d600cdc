import { dpoSchema } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { type ReferenceSource, referenceKey } from './reference-cache.ts'

const settingsOf = (settings: object) => {
  const {
    type: _,
    from: __,
    preferences: ___,
    ...rest
  } = dpoSchema.parse({ type: 'dpo', preferences: 'votes', ...settings })
  return rest
}
const source: ReferenceSource = {
  pairs: 'aa',
  heldOut: 'bb',
  files: [
    { path: 'chat_template.jinja', sha256: 'c1' },
    { path: 'model.safetensors', sha256: 'c2' },
    { path: 'temper.json', sha256: 'c3' },
    { path: 'resume/state.json', sha256: 'c4' },
  ],
  settings: settingsOf({}),
}
const withFile = (path: string, sha256: string): ReferenceSource => ({
  ...source,
  files: source.files.map((file) => (file.path === path ? { path, sha256 } : file)),
})

describe('referenceKey', () => {
  it.each([
    [
      'rates, epochs and loss',
      { ...source, settings: settingsOf({ learningRate: 0.1, epochs: 3, loss: 'ipo', beta: 2 }) },
    ],
    ['where the model comes from', withFile('temper.json', 'other')],
    ['how the model could be resumed', withFile('resume/state.json', 'other')],
  ])('is the same whatever %s', (_, other) => {
    expect(referenceKey(other)).toBe(referenceKey(source))
  })

  it.each([
    ['pairs', { ...source, pairs: 'other' }],
    ['held-out pairs', { ...source, heldOut: 'other' }],
    ['weights', withFile('model.safetensors', 'other')],
    ['a template', withFile('chat_template.jinja', 'other')],
    ['a length', { ...source, settings: settingsOf({ maxLength: 64 }) }],
    ['a batch size, which decides the last bits', { ...source, settings: settingsOf({ batchSize: 2 }) }],
    ['single answers', { ...source, settings: settingsOf({ loss: 'kto' }) }],
  ])('is another for other %s', (_, other) => {
    expect(referenceKey(other)).not.toBe(referenceKey(source))
  })
})
