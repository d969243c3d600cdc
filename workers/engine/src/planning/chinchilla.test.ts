import { expect, it } from 'vitest'
import { chinchillaLoss, trainingFlops } from './chinchilla.ts'

const law = { E: 1.5, A: 400, B: 900, alpha: 0.5, beta: 0.5 }

it('adds what the model is too small for and the data too few for', () => {
  // 1.5 + 400 / 100 + 900 / 1000
  expect(chinchillaLoss(law, { parameters: 10_000, tokens: 1_000_000 })).toBeCloseTo(6.4, 12)
})

it('nears the irreducible loss as both grow, and infinity where one is nothing', () => {
  const endless = Number.POSITIVE_INFINITY
  expect(chinchillaLoss(law, { parameters: endless, tokens: endless })).toBe(1.5)
  expect(chinchillaLoss(law, { parameters: 0, tokens: endless })).toBe(endless)
})

it('counts six operations a parameter and token', () => {
  expect(trainingFlops({ parameters: 400e6, tokens: 8e9 })).toBe(1.92e19)
})
