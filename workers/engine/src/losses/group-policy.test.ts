import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { grpoLoss, rlooLoss } from './group-policy.ts'

function run<K extends string>(make: () => Record<K, Tensor>): Record<K, number[]> {
  return tf.tidy(() => {
    const values = Object.entries<Tensor>(make()).map(([key, tensor]) => [key, Array.from(tensor.dataSync())])
    return Object.fromEntries(values) as Record<K, number[]>
  })
}

function expectClose(actual: ArrayLike<number>, expected: number[]) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5)
}

/** Two completions of two tokens and of one; padding has a ratio that would overflow. */
const logps = () => tf.tensor2d([Math.log(1.5), Math.log(0.9), Math.log(0.5), 80], [2, 2])
const input = () => ({
  logps: logps(),
  oldLogps: tf.tensor2d([0, 0, 0, -80], [2, 2]),
  refLogps: tf.tensor2d([0, Math.log(0.9), 0, -80], [2, 2]),
  advantages: tf.tensor1d([1, -1]),
  mask: tf.tensor2d([1, 1, 1, 0], [2, 2]),
  // half a completion, shared by its tokens
  weights: tf.tensor2d([0.25, 0.25, 0.5, 0], [2, 2]),
  shares: tf.tensor2d([1 / 3, 1 / 3, 1 / 3, 0], [2, 2]),
})

describe('grpoLoss', () => {
  it('clips token by token with the advantage of the completion', () => {
    const { loss, clipFraction } = run(() => ({ ...grpoLoss(input(), { clipRange: 0.2, beta: 0 }) }))
    // −1.2 (clipped), −0.9; 0.8 (clipped)
    expectClose(loss, [0.25 * -1.2 + 0.25 * -0.9 + 0.5 * 0.8])
    expectClose(clipFraction, [2 / 3])
  })

  it('adds beta times k3 to the reference', () => {
    const { loss } = run(() => ({ ...grpoLoss(input(), { clipRange: 0.2, beta: 0.1 }) }))
    // k3: 1/1.5 − 1 + ln 1.5, 0, and 2 − 1 − ln 2
    expectClose(loss, [-0.125 + 0.1 * (0.25 * 0.0721318 + 0.5 * 0.3068528)])
  })

  it('gives gradients of token ratios and of the KL term, and none to padding', () => {
    const { grad } = run(() => {
      const { logps: at, ...rest } = input()
      return { grad: tf.grad((x) => grpoLoss({ logps: x, ...rest }, { clipRange: 0.2, beta: 0.1 }).loss)(at) }
    })
    // clipped tokens have the KL's alone: beta · weight · (1 − ref / policy)
    expectClose(grad, [0.1 * 0.25 * (1 - 1 / 1.5), 0.25 * -0.9, 0.1 * 0.5 * (1 - 2), 0])
  })
})

describe('rlooLoss', () => {
  it('takes a completion as one action', () => {
    const { loss, clipFraction } = run(() => ({ ...rlooLoss(input(), { clipRange: 0.4 }) }))
    // ratio 1.5 · 0.9 = 1.35 is inside, 0.5 is clipped to 0.6
    expectClose(loss, [0.5 * -1.35 + 0.5 * 0.6])
    expectClose(clipFraction, [0.5])
  })

  it('is REINFORCE where policy and sampler agree', () => {
    const { grad } = run(() => {
      const others = input()
      return { grad: tf.grad((x) => rlooLoss({ ...others, logps: x }, { clipRange: 0.2 }).loss)(input().oldLogps) }
    })
    expectClose(grad, [-0.5, -0.5, 0.5, 0])
  })
})
