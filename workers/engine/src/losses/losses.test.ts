import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { bradleyTerryLoss } from './bradley-terry.ts'
import { tieNuOf } from './davidson.ts'
import { languageModelingLoss } from './language-modeling.ts'
import { ppoPolicyLoss, ppoValueLoss } from './ppo.ts'
import { routerBalance } from './router-balance.ts'
import { sequenceLogps } from './sequence-logps.ts'
import { tokenScores } from './token-scores.ts'

/** All tensors of a record as arrays, everything else freed. */
function run<K extends string>(make: () => Record<K, Tensor>): Record<K, number[]> {
  return tf.tidy(() => {
    const values = Object.entries<Tensor>(make()).map(([key, tensor]) => [key, Array.from(tensor.dataSync())])
    return Object.fromEntries(values) as Record<K, number[]>
  })
}

function expectClose(actual: ArrayLike<number>, expected: number[], digits = 5) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits)
}

/** With this head (V = 3, D = 1) the hidden state 1 gives logits 1, 2, 3 and the hidden state 0 gives equal ones. */
const head = () => tf.tensor2d([1, 2, 3], [3, 1])
const int = (values: number[]) => tf.tensor1d(values, 'int32')

describe('tokenScores', () => {
  it('gives log-probs, entropy and whether the target is the likeliest', () => {
    const { logps, entropy, correct } = run(() => ({
      ...tokenScores(tf.tensor2d([1, 1, 0], [3, 1]), head(), int([2, 0, 1])),
    }))
    expectClose(logps, [-0.4076059, -2.4076059, -1.0986123])
    expectClose(entropy, [0.8323956, 0.8323956, 1.0986123])
    expect(correct.slice(0, 2)).toEqual([1, 0])
  })

  it('divides logits by the temperature', () => {
    const options = { temperature: 2 }
    const { logps, entropy } = run(() => ({ ...tokenScores(tf.tensor2d([1], [1, 1]), head(), int([2]), options) }))
    expectClose(logps, [-0.6802697])
    expectClose(entropy, [1.0201913])
  })

  it('gives the same scores and gradients in chunks as at once', () => {
    const both = [{}, { maxLogits: 22 }].map((options) =>
      run(() => {
        const rows = tf.randomNormal([7, 4], 0, 1, 'float32', 1)
        const weight = tf.randomNormal([11, 4], 0, 1, 'float32', 2)
        const targets = int([0, 3, 10, 5, 5, 1, 2])
        const loss = (x: Tensor, w: Tensor) => tokenScores(x, w, targets, options).logps.mul(tf.range(1, 8)).sum()
        const [dRows, dWeight] = tf.grads(loss as never)([rows, weight]) as [Tensor, Tensor]
        return { ...tokenScores(rows, weight, targets, options), dRows, dWeight }
      }),
    )
    const [whole, chunked] = both
    for (const key of ['logps', 'entropy', 'correct', 'dRows', 'dWeight'] as const) {
      expectClose(chunked?.[key] ?? [], whole?.[key] ?? [])
    }
  })

  it('leaves no tensor behind, chunked or not', () => {
    const before = tf.memory().numTensors
    for (const maxLogits of [6, 100]) {
      run(() => ({ ...tokenScores(tf.ones([4, 1]), head(), int([0, 1, 2, 0]), { maxLogits }) }))
    }
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('languageModelingLoss', () => {
  it('sums the loss by the weights of the targets', () => {
    const { lossSum, denominator, correctSum } = run(() => ({
      ...languageModelingLoss({
        hidden: tf.tensor([1, 1, 0], [3, 1]), // the last one is padding
        headWeight: head(),
        targets: int([2, 0, 0]),
        weights: tf.tensor1d([1, 1, 0]),
      }),
    }))
    expectClose(lossSum, [0.4076059 + 2.4076059])
    expect(denominator).toEqual([2])
    expect(correctSum).toEqual([1])
  })
})

describe('sequenceLogps', () => {
  it('sums log-probs by sequence and leaves padding out', () => {
    const { sums } = run(() => ({
      sums: sequenceLogps(tf.tensor1d([-1, -2, -4, -8]), tf.tensor1d([1, 1, 1, 0]), int([1, 0, 1, 0]), 3),
    }))
    expect(sums).toEqual([-2, -5, 0])
  })
})

describe('bradleyTerryLoss', () => {
  const pairs = () => ({
    chosen: tf.tensor1d([1, 0, 2]),
    rejected: tf.tensor1d([0, 1, 2]),
    weights: tf.tensor1d([1, 1, 1]),
  })

  it('is −log σ of the lead, and counts a tie as half a win for each side', () => {
    const { losses } = run(() => ({ ...bradleyTerryLoss(pairs()) }))
    expectClose(losses, [0.3132617, 1.3132617, Math.LN2])
    const tied = run(() => ({ ...bradleyTerryLoss({ ...pairs(), ties: tf.tensor1d([1, 1, 1]) }) }))
    expectClose(tied.losses, [0.8132617, 0.8132617, Math.LN2])
  })

  it('asks a stronger vote for a larger lead', () => {
    const { losses } = run(() => ({ ...bradleyTerryLoss({ ...pairs(), margin: tf.tensor1d([0.5, 0, 0]) }) }))
    expectClose(losses, [0.474077, 1.3132617, Math.LN2])
  })

  it('takes ties for an outcome of their own by Davidson’s model', () => {
    const at = (ties: number[]) =>
      run(() => ({ ...bradleyTerryLoss({ ...pairs(), ties: tf.tensor1d(ties) }, { tieNu: 0.5 }) }))
    // leads 1, −1 and 0: s = e^½ + e^−½ + ½, and 2 + ½ for equal answers, of which a fifth tie
    expectClose(at([0, 0, 0]).losses, [0.5135089, 1.5135089, -Math.log(0.4)])
    expectClose(at([1, 1, 1]).losses, [1.7066561, 1.7066561, -Math.log(0.2)])
  })

  it.each([0, 1])('has the gradient of finite differences in Davidson’s model, tied: %d', (tied) => {
    const rejected = tf.tensor1d([0.3, 1.5, -80])
    const lossOf = (chosen: Tensor) => {
      const ties = tf.fill([3], tied)
      return bradleyTerryLoss({ chosen, rejected, weights: tf.ones([3]), ties }, { tieNu: 0.7 }).losses
    }
    const chosen = [1, 0.5, 80]
    const { gradient, ahead, behind } = run(() => ({
      gradient: tf.grad((x) => lossOf(x).sum())(tf.tensor1d(chosen)),
      ahead: lossOf(tf.tensor1d(chosen.map((x) => x + 0.01))),
      behind: lossOf(tf.tensor1d(chosen.map((x) => x - 0.01))),
    }))
    expectClose(
      gradient,
      ahead.map((value, i) => (value - (behind[i] ?? Number.NaN)) / 0.02),
      3,
    )
    rejected.dispose()
  })

  it('expects as many ties of equal answers as there were', () => {
    const nu = tieNuOf([{ tie: true }, { tie: false }, { tie: false }, { tie: false }])
    expect(nu / (2 + nu)).toBeCloseTo(0.25, 12)
  })

  it('adds the centring term and leaves padded pairs out', () => {
    const weights = tf.tensor1d([1, 0, 1])
    const options = { centerRewardsCoefficient: 0.01 }
    const { lossSum, denominator } = run(() => ({ ...bradleyTerryLoss({ ...pairs(), weights }, options) }))
    // 0.01 · (1 + 0)² and 0.01 · (2 + 2)²
    expectClose(lossSum, [0.3132617 + 0.01 + Math.LN2 + 0.16])
    expect(denominator).toEqual([2])
  })
})

describe('ppoPolicyLoss', () => {
  const input = () => ({
    logps: tf.tensor1d([Math.log(1.5), Math.log(0.5), Math.log(1.1), 80]),
    oldLogps: tf.tensor1d([0, 0, 0, -80]),
    advantages: tf.tensor1d([1, -1, 2, 1]),
    mask: tf.tensor1d([1, 1, 1, 0]),
    weights: tf.tensor1d([1 / 3, 1 / 3, 1 / 3, 0]),
  })

  it('clips ratios that move too far in the direction of their advantage', () => {
    const { loss, clipFraction, approxKl, ratio } = run(() => ({ ...ppoPolicyLoss(input(), 0.2) }))
    // −1.2 (clipped), 0.8 (clipped), −2.2; padding has a ratio that would overflow
    expectClose(loss, [-0.8666667])
    expectClose(clipFraction, [2 / 3])
    expectClose(approxKl, [0.1089898])
    expectClose(ratio, [1.0333333])
  })

  it('gives no gradient where it clips, nor to padding', () => {
    const { grad } = run(() => {
      const { logps, ...rest } = input()
      return { grad: tf.grad((x) => ppoPolicyLoss({ logps: x, ...rest }, 0.2).loss)(logps) }
    })
    // the third token: −advantage · ratio / 3 tokens
    expectClose(grad, [0, 0, -2.2 / 3, 0])
  })
})

describe('ppoValueLoss', () => {
  it('takes the larger of clipped and unclipped error', () => {
    const { loss, clipFraction } = run(() => ({
      ...ppoValueLoss(
        {
          values: tf.tensor1d([1, 0, 9]),
          oldValues: tf.tensor1d([0.5, 0.1, 0]),
          returns: tf.tensor1d([2, 0.2, 0]),
          weights: tf.tensor1d([0.5, 0.5, 0]),
        },
        0.2,
      ),
    }))
    // errors 1 and 0.04; clipped to 0.7 the first is 1.69
    expectClose(loss, [0.4325])
    expectClose(clipFraction, [0.5])
  })
})

describe('routerBalance', () => {
  const layer = (probabilities: number[][], experts: number[][]) => ({
    probabilities: tf.tensor2d(probabilities),
    experts: tf.tensor2d(experts, undefined, 'int32'),
  })
  const even = () => layer([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]], [[0], [1], [2]]) // biome-ignore format: rows

  it('is the number of experts a token, with loads of 1, where tokens are spread evenly', () => {
    const { loss, maxLoad, minLoad } = run(() => routerBalance([even()], tf.ones([3])))
    for (const values of [loss, maxLoad, minLoad]) expectClose(values, [1])
  })

  it('counts the tokens of the mask, over all layers together', () => {
    // layer 1: tokens 0 and 1 go to experts 0 and 1; layer 2: both go to expert 0 with probability 0.8
    const uneven = layer([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0, 0, 1]], [[0], [0], [2]]) // biome-ignore format: rows
    const { loss, maxLoad, minLoad } = run(() => routerBalance([even(), uneven], tf.tensor1d([1, 1, 0])))
    // f = (3/4, 1/4, 0), P = (2.35, 0.95, 0.7) / 4
    expectClose(loss, [3 * (0.75 * 0.5875 + 0.25 * 0.2375)])
    expectClose(maxLoad, [2.25])
    expectClose(minLoad, [0])
  })
})
