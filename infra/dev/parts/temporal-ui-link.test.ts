import { expect, test } from 'vitest'
import { temporalUiLink } from './temporal-ui-link.ts'

const own = 'http://127.0.0.1:8233'

test.each(['127.0.0.1', '127.0.0.2', 'localhost', '::1'])('links to our own UI where pages are at %s', (host) => {
  expect(temporalUiLink({ host, own, given: undefined })).toBe(own)
})

test.each(['0.0.0.0', '192.168.1.7', '::', 'temper.lan'])(
  'links nowhere where pages are at %s: the UI of a visitor would be meant',
  (host) => {
    expect(temporalUiLink({ host, own, given: undefined })).toBeUndefined()
  },
)

test('links to where the operator says, whatever the host', () => {
  const given = 'https://temporal.example'
  for (const host of ['127.0.0.1', '0.0.0.0']) expect(temporalUiLink({ host, own, given })).toBe(given)
  expect(temporalUiLink({ host: '0.0.0.0', own: '', given })).toBe(given)
})

test('links nowhere where there is no UI of our own', () => {
  expect(temporalUiLink({ host: '127.0.0.1', own: '', given: undefined })).toBeUndefined()
})
