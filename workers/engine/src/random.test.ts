import { expect, test } from 'vitest'
import { normal, random, randomInt, seedOf, shuffle } from './random.ts'

const draws = Array.from({ length: 50_000 }, (_, i) => random(7, i))

test('draws depend on the seed and on every counter in its place', () => {
  const values = [
    random(1),
    random(2),
    random(1, 0),
    random(1, 1),
    random(1, 0, 1),
    random(1, 1, 0),
    random(2 ** 32 + 1),
  ]
  expect(new Set(values).size).toBe(values.length)
  expect(random(5, 6, 7)).toBe(random(5, 6, 7))
})

test('the first draws never change between versions', () => {
  expect([random(42, 0), random(42, 1), random(42, 2)]).toEqual([
    0.6198679670259207, 0.5383048040493379, 0.3650414636922318,
  ])
})

test('draws are uniform and neighbours are independent', () => {
  const bins = new Array<number>(20).fill(0)
  for (const value of draws) bins[Math.floor(value * 20)] = (bins[Math.floor(value * 20)] ?? 0) + 1
  const chiSquare = bins.reduce((sum, count) => sum + (count - 2500) ** 2 / 2500, 0)
  expect(chiSquare).toBeLessThan(43.8) // 99.9 % quantile at 19 degrees of freedom
  let covariance = 0
  for (let i = 1; i < draws.length; i++) covariance += ((draws[i] ?? 0) - 0.5) * ((draws[i - 1] ?? 0) - 0.5)
  expect(Math.abs((12 * covariance) / draws.length)).toBeLessThan(0.015)
})

test('normal draws have mean 0, variance 1 and no skew', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => normal(3, i))
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length
  expect(moment(1)).toBeCloseTo(0, 1)
  expect(moment(2)).toBeCloseTo(1, 1)
  expect(Math.abs(moment(3))).toBeLessThan(0.06)
  expect(moment(4)).toBeGreaterThan(2.8)
})

test('a shuffle is a permutation that depends on its counters', () => {
  const items = Array.from({ length: 100 }, (_, i) => i)
  expect(shuffle(items, 1, 0)).not.toEqual(shuffle(items, 1, 1))
  expect(shuffle(items, 1, 0)).toEqual(shuffle(items, 1, 0))
  expect(shuffle(items, 1, 0).sort((a, b) => a - b)).toEqual(items)
})

test('integers stay below their bound', () => {
  const values = Array.from({ length: 1000 }, (_, i) => randomInt(3, 9, i))
  expect(new Set(values)).toEqual(new Set([0, 1, 2]))
})

test('names give distinct seeds', () => {
  expect(new Set(['rollout', 'epoch', 'init', 'inti', ''].map(seedOf)).size).toBe(5)
})
