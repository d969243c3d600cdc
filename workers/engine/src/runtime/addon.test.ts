import { expect, test } from 'vitest'
import { loadAddon } from './addon.ts'

test('says what to run where the native part is missing', () => {
  expect(() => loadAddon('/nowhere/session.node')).toThrow('npm run setup')
  expect(() => loadAddon(import.meta.filename)).toThrow('does not load: run `npm run setup`')
})

test('loads the native part with its TensorFlow', () => {
  expect(loadAddon().version).toMatch(/^2\.\d+/)
})
