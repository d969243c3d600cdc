import { expect, test } from 'vitest'
import { loadAddon } from './addon.ts'
import { kindOf } from './device.ts'

test('a session names the types of its devices', () => {
  const session = new (loadAddon().Session)(new Uint8Array(), '')
  expect(session.deviceTypes()).toContain('CPU')
  session.close()
  expect(() => session.deviceTypes()).toThrow('the session is closed')
})

test('graphs run on a GPU wherever there is one', () => {
  expect(kindOf(['CPU'])).toBe('cpu')
  expect(kindOf(['CPU', 'XLA_CPU', 'GPU'])).toBe('gpu')
})
