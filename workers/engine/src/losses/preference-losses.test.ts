import { type PairLossName, pairLossSchema } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { type DpoSettings, dpoLoss } from './dpo.ts'
import type { PairLogps } from './preference-losses.ts'

/** Log-ratios 2 and 0 of chosen, −1 and 2 of rejected: leads of 3 and −2. */
const logps = {
  chosen: { policy: [-10, -12], reference: [-12, -12], tokens: [2, 4] },
  rejected: { policy: [-11, -9], reference: [-10, -11], tokens: [1, 2] },
}
type Logps = typeof logps

/** Each with the numbers that its loss is used with. */
const settings: Record<PairLossName, DpoSettings> = {
  sigmoid: { loss: 'sigmoid', beta: 0.1 },
  hinge: { loss: 'hinge', beta: 0.1 },
  ipo: { loss: 'ipo', beta: 0.1 },
  robust: { loss: 'robust', beta: 0.1, labelSmoothing: 0.2 },
  apo_zero: { loss: 'apo_zero', beta: 0.1 },
  simpo: { loss: 'simpo', beta: 2, simpoGamma: 1 },
  orpo: { loss: 'orpo', beta: 0.5 },
}

const toTensors = ({ chosen, rejected }: Logps): PairLogps => {
  const answer = ({ policy, reference, tokens }: Logps['chosen']) => ({
    policy: tf.tensor1d(policy),
    reference: tf.tensor1d(reference),
    tokens: tf.tensor1d(tokens),
  })
  return { chosen: answer(chosen), rejected: answer(rejected) }
}
const lossesOf = (values: Logps, of: DpoSettings): number[] =>
  tf.tidy(() => Array.from(dpoLoss(toTensors(values), of).losses.dataSync()))

function expectClose(actual: ArrayLike<number> | undefined, expected: number[], digits = 5) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual?.[i]).toBeCloseTo(value, digits)
}

describe('dpoLoss', () => {
  it.each([
    ['sigmoid: −log σ(0.3), −log σ(−0.2)', settings.sigmoid, [0.5543552, 0.7981389]],
    ['sigmoid with a share of wrong labels', { ...settings.sigmoid, labelSmoothing: 0.2 }, [0.6143552, 0.7581389]],
    ['hinge: 1 − 0.3, 1 + 0.2', settings.hinge, [0.7, 1.2]],
    ['hinge of pairs that are apart: 0', { ...settings.hinge, beta: 1 }, [0, 3]],
    ['ipo: (2 − 5)², (−1 − 5)²', settings.ipo, [9, 36]],
    ['robust: (0.8 · 0.5543552 − 0.2 · 0.8543552) / 0.6', settings.robust, [0.4543552, 0.8648056]],
    ['apo_zero: 1 − σ(0.2) + σ(−0.1), 1 − σ(0) + σ(0.2)', settings.apo_zero, [0.9251868, 1.049834]],
    ['simpo: −log σ(12 − 1), −log σ(3 − 1)', settings.simpo, [0.0000167, 0.126928]],
    ['orpo: 5 and 3 for the chosen answer, and what is left of the odds', settings.orpo, [5.0012295, 3.0971263]],
    [
      'sigmoid a token: −log σ(0.2), −log σ(−0.1)',
      { ...settings.sigmoid, lengthNormalize: true },
      [0.5981389, 0.7443967],
    ],
    ['sigmoid and half the fine-tuning loss, 5 and 3', { ...settings.sigmoid, sftWeight: 0.5 }, [3.0543552, 2.2981389]],
  ])('computes %s', (_, of, expected) => {
    expectClose(lossesOf(logps, of), expected)
  })

  it.each([
    ...pairLossSchema.options.map((name) => [name, settings[name]] as const),
    ['sigmoid a token', { ...settings.sigmoid, lengthNormalize: true }] as const,
    ['hinge with fine-tuning', { ...settings.hinge, sftWeight: 0.3 }] as const,
  ])('has the gradient of finite differences: %s', (_, of) => {
    for (const side of ['chosen', 'rejected'] as const) {
      const moved = (by: number) =>
        lossesOf({ ...logps, [side]: { ...logps[side], policy: logps[side].policy.map((x) => x + by) } }, of)
      const [ahead, behind] = [moved(0.02), moved(-0.02)]
      const differences = ahead.map((value, i) => (value - (behind[i] ?? Number.NaN)) / 0.04)
      expectClose(gradientOf(side, of), differences, 3)
    }
  })

  it('stays finite for answers that are certain', () => {
    const certain = { ...logps, chosen: { ...logps.chosen, policy: [0, 0] } }
    expect(lossesOf(certain, settings.orpo).every(Number.isFinite)).toBe(true)
  })

  it.each(['simpo', 'orpo'] as const)('gives rewards beta · log-prob a token without a reference: %s', (loss) => {
    const unread = { policy: logps.chosen.policy, reference: [Number.NaN, Number.NaN], tokens: logps.chosen.tokens }
    const rewards = tf.tidy(() => {
      const { chosenRewards } = dpoLoss(toTensors({ ...logps, chosen: unread }), { ...settings[loss], beta: 0.1 })
      return Array.from(chosenRewards.dataSync())
    })
    expectClose(rewards, [-0.5, -0.3])
  })

  it('gives implicit rewards beta · log-ratio whatever the loss that has a reference', () => {
    for (const loss of ['sigmoid', 'hinge', 'ipo', 'robust', 'apo_zero'] as const) {
      const rewards = tf.tidy(() => {
        const { chosenRewards, rejectedRewards } = dpoLoss(toTensors(logps), { ...settings[loss], beta: 0.1 })
        return [chosenRewards, rejectedRewards].map((values) => Array.from(values.dataSync()))
      })
      expectClose(rewards[0], [0.2, 0])
      expectClose(rewards[1], [-0.1, 0.2])
    }
  })

  it.each([
    ['sigmoid', Math.LN2],
    ['hinge', 1],
    ['ipo', 25],
    ['robust', Math.LN2],
    ['apo_zero', 1],
  ] as const)('starts, where policy and reference agree, at a constant: %s', (name, start) => {
    const agreeing = {
      chosen: { ...logps.chosen, reference: logps.chosen.policy },
      rejected: { ...logps.rejected, reference: logps.rejected.policy },
    }
    expectClose(lossesOf(agreeing, settings[name]), [start, start])
  })

  it('is, robust, the sigmoid loss of right labels in expectation over wrong ones', () => {
    const right = lossesOf(logps, settings.robust)
    const wrong = lossesOf({ chosen: logps.rejected, rejected: logps.chosen }, settings.robust)
    const expected = right.map((value, i) => 0.8 * value + 0.2 * (wrong[i] ?? Number.NaN))
    expectClose(expected, lossesOf(logps, settings.sigmoid))
  })
})

/** Of the summed losses in the policy's log-probs of one side. */
function gradientOf(side: 'chosen' | 'rejected', of: DpoSettings): number[] {
  return tf.tidy(() => {
    const pairs = toTensors(logps)
    const loss = (policy: Tensor) => dpoLoss({ ...pairs, [side]: { ...pairs[side], policy } }, of).losses.sum()
    return Array.from(tf.grad(loss)(pairs[side].policy).dataSync())
  })
}
