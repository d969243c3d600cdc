import { describe, expect, it } from 'vitest'
import { nextKlCoef } from './adaptive-kl.ts'
import { generalizedAdvantages } from './gae.ts'
import { k1, k2, k3 } from './kl.ts'
import { tokenRewards } from './token-rewards.ts'
import { whiten } from './whiten.ts'

function expectClose(actual: ArrayLike<number>, expected: number[]) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 6)
}

describe('tokenRewards', () => {
  it('charges every token for its KL and pays the score at the last one', () => {
    const rewards = tokenRewards({ logps: [-1, -2, -1], refLogps: [-2, -2, -0.5], score: 3 }, 0.1)
    expectClose(rewards, [-0.1, 0, 3.05])
  })

  it('charges by another estimator where asked', () => {
    const completion = { logps: [-1, -2, -1], refLogps: [-2, -2, -0.5], score: 3 }
    expectClose(tokenRewards(completion, 0.1, k2), [-0.05, 0, 2.9875])
    // e^−1 − 1 + 1 and e^0.5 − 1 − 0.5
    expectClose(tokenRewards(completion, 0.1, k3), [-0.0367879, 0, 2.9851279])
  })
})

describe('nextKlCoef', () => {
  const settings = { target: 6, horizon: 10_000 }

  it('rises in proportion to what the KL is above its target, falls below it, and stays at it', () => {
    // 6.6 is a tenth above: 64 of 10,000 episodes, a tenth of each
    expect(nextKlCoef(0.05, 6.6, 64, settings)).toBeCloseTo(0.05 * 1.00064, 12)
    expect(nextKlCoef(0.05, 5.4, 64, settings)).toBeCloseTo(0.05 * 0.99936, 12)
    expect(nextKlCoef(0.05, 6, 64, settings)).toBe(0.05)
  })

  it('counts an error of a fifth at most', () => {
    expect(nextKlCoef(0.05, 60, 1000, settings)).toBeCloseTo(0.05 * 1.02, 12)
    expect(nextKlCoef(0.05, -60, 1000, settings)).toBeCloseTo(0.05 * 0.98, 12)
  })
})

describe('generalizedAdvantages', () => {
  it('follows the recursion backwards from the last token', () => {
    const { advantages, returns } = generalizedAdvantages([0, 0, 1], [0.5, 0.2, 0.4], { gamma: 0.9, gaeLambda: 0.8 })
    expectClose(advantages, [0.10624, 0.592, 0.6])
    expectClose(returns, [0.60624, 0.792, 1])
  })

  it('is reward to go minus value where gamma and lambda are 1', () => {
    const { advantages, returns } = generalizedAdvantages([1, 2, 4], [5, 5, 5], { gamma: 1, gaeLambda: 1 })
    expectClose(advantages, [2, 1, -1])
    expectClose(returns, [7, 6, 4])
  })
})

describe('whiten', () => {
  it('brings all completions together to mean 0 and unbiased variance 1', () => {
    const [first = [], second = []] = whiten([
      [1, 2],
      [3, 4, 6],
    ])
    expectClose(first, [-1.1437255, -0.6238503])
    expectClose(second, [-0.103975, 0.4159002, 1.4556507])
  })

  it('keeps the mean where asked', () => {
    expectClose(
      whiten([[1, 2, 3, 4, 6]], { shiftMean: false })[0] ?? [],
      [2.0562745, 2.5761497, 3.096025, 3.6159002, 4.6556507],
    )
  })
})

describe('KL estimators', () => {
  it('are k1 the log-ratio, k2 half its square, k3 never negative', () => {
    expectClose([k1(-1, -1.5), k1(-1.5, -1)], [0.5, -0.5])
    expectClose([k2(-1, -1.5), k2(-1.5, -1)], [0.125, 0.125])
    // e^−0.5 − 1 + 0.5 and e^0.5 − 1 − 0.5
    expectClose([k3(-1, -1.5), k3(-1.5, -1)], [0.1065307, 0.1487213])
  })
})
