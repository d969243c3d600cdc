import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { type KtoSettings, ktoLoss } from './kto.ts'

const settings: KtoSettings = { beta: 0.5, desirableWeight: 1.5, undesirableWeight: 2 }

/** Log-ratios 2, 0 and −1 of answers, 1, 3 and −1 of mismatched ones (mean 1); the fourth is padding. */
const policy = [-10, -12, -11, 50]
const mismatched = [-19, -17, -21, 500]

function evaluate(of: KtoSettings = settings, answers = policy, others = mismatched) {
  return tf.tidy(() => {
    const { losses, rewards, kl } = lossOf(tf.tensor1d(answers), tf.tensor1d(others), of)
    const [all, implied] = [losses, rewards].map((values) => Array.from(values.dataSync()).slice(0, 3))
    return { losses: all ?? [], rewards: implied ?? [], kl: kl.dataSync()[0] }
  })
}

function lossOf(answers: Tensor, others: Tensor, of: KtoSettings) {
  const tokens = tf.tensor1d([2, 4, 1, 1])
  return ktoLoss(
    {
      answers: { policy: answers, reference: tf.tensor1d([-12, -12, -10, 0]), tokens },
      mismatched: { policy: others, reference: tf.tensor1d([-20, -20, -20, 0]), tokens },
      desirable: tf.tensor1d([1, 0, 0, 0]),
      weights: tf.tensor1d([1, 1, 1, 0]),
    },
    of,
  )
}

function expectClose(actual: readonly number[], expected: readonly number[], digits = 5) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits)
}

describe('ktoLoss', () => {
  it('costs 1.5 · (1 − σ(1 − 0.5)), 2 · (1 − σ(0.5 − 0)), 2 · (1 − σ(0.5 + 0.5))', () => {
    const { losses, rewards, kl } = evaluate()
    expect(kl).toBeCloseTo(1, 5)
    expectClose(losses, [0.566311, 0.7550813, 0.5378828])
    expectClose(rewards, [1, 0, -0.5])
  })

  it('measures gains from 0 where mismatched answers have become less likely', () => {
    const { losses, kl } = evaluate(settings, policy, [-25, -25, -25, 0])
    expect(kl).toBe(0)
    expectClose(losses.slice(1, 2), [1])
  })

  it('adds the fine-tuning loss of desirable answers alone', () => {
    const [desirable, ...undesirable] = evaluate({ ...settings, sftWeight: 0.1 }).losses
    expect(desirable).toBeCloseTo(0.566311 + 0.1 * 5, 5)
    expectClose(undesirable, [0.7550813, 0.5378828])
  })

  it('has the gradient of finite differences', () => {
    const of = { ...settings, sftWeight: 0.1 }
    const gradient = tf.tidy(() => {
      const sum = (answers: Tensor) => lossOf(answers, tf.tensor1d(mismatched), of).losses.slice(0, 3).sum()
      return Array.from(tf.grad(sum)(tf.tensor1d(policy)).dataSync()).slice(0, 3)
    })
    const moved = (by: number) =>
      evaluate(
        of,
        policy.map((value) => value + by),
      ).losses
    const [ahead, behind] = [moved(0.02), moved(-0.02)]
    const differences = ahead.map((value, i) => (value - (behind[i] ?? Number.NaN)) / 0.04)
    expectClose(gradient, differences, 3)
  })

  it('lets no gradient flow into the mismatched answers', () => {
    const sum = (others: Tensor) => lossOf(tf.tensor1d(policy), others, settings).losses.sum()
    expect(() => tf.tidy(() => tf.grad(sum)(tf.tensor1d(mismatched)))).toThrow('Cannot compute gradient')
  })
})
