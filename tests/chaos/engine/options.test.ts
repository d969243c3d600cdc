import { expect, it } from 'vitest'
import { parseOptions } from './options.ts'

it('kills every method 20 times unless told otherwise', () => {
  expect(parseOptions([])).toMatchObject({ kills: 20, seed: 1, json: false })
  expect(parseOptions([])).toMatchObject({ methods: expect.arrayContaining(['sft', 'ppo']) })
  const all = { methods: ['dpo'], kills: 3, seed: 0, json: true }
  expect(parseOptions(['--method', 'dpo', '--kills', '3', '--seed', '0', '--json'])).toEqual(all)
  expect(parseOptions(['--help'])).toBe('help')
})

it.each([
  [['--method', 'alchemy'], 'there is no method alchemy; one of pretrain, sft, reward'],
  [['--kills', '0'], '--kills must be a whole number of at least 1, got 0'],
  [['--seed', '1.5'], '--seed must be a whole number of at least 0, got 1.5'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %j', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message)
})
