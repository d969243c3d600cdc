import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-node-gpu'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { normal, random } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import { type BradleyTerrySettings, bradleyTerryLoss } from './bradley-terry.ts'
import { tieNuOf } from './davidson.ts'

/** Draws of the task, votes of each to learn from and to test with, and features of a linear reward. */
const [draws, votes, heldOut, features] = [24, 60, 300, 24]

interface Votes {
  /** What the first answer has over the second, (draws, n, features). */
  x: Tensor3D
  /** 1, ½ or 0 for the first answer, (draws · n). */
  outcomes: number[]
}

/** Labelers see the true lead with noise, and vote a tie where it is small. */
function vote(n: number, stream: number): Votes {
  const wOf = (draw: number, j: number) => (1.8 * normal(1, draw, j)) / Math.sqrt(features)
  const outcomes: number[] = []
  const x = Array.from({ length: draws }, (_, draw) =>
    Array.from({ length: n }, (_, i) => {
      const row = Array.from({ length: features }, (_, j) => normal(2, stream, draw, i, j))
      const u = random(3, stream, draw, i)
      const lead = row.reduce((sum, value, j) => sum + value * wOf(draw, j), 0) + 0.5 * Math.log(u / (1 - u))
      outcomes.push(Math.abs(lead) < 0.6 ? 0.5 : Number(lead > 0))
      return row
    }),
  )
  return { x: tf.tensor3d(x), outcomes }
}

const leadsOf = ({ x }: Votes, w: Tensor): Tensor => tf.sum(tf.mul(x, tf.expandDims(w, 1)), 2).reshape([-1])

/** Share of the decided held-out votes that a reward learnt by gradient descent orders rightly. */
function accuracy(train: Votes, test: Votes, settings: BradleyTerrySettings, weightOfTies: number): number {
  return tf.tidy(() => {
    const weights = tf.tensor1d(train.outcomes.map((outcome) => (outcome === 0.5 ? weightOfTies : 1)))
    const ties = tf.tensor1d(train.outcomes.map((outcome) => Number(outcome === 0.5)))
    const sides = tf.tensor1d(train.outcomes.map((outcome) => (outcome === 0 ? -1 : 1)))
    const loss = (w: Tensor) => {
      const chosen = leadsOf(train, w).mul(sides)
      return bradleyTerryLoss({ chosen, rejected: chosen.zerosLike(), weights, ties }, settings).lossSum
    }
    let w: Tensor = tf.zeros([draws, features]) as Tensor2D
    for (let step = 0; step < 80; step++)
      w = tf.tidy(() =>
        w.sub(
          tf
            .grad(loss)(w)
            .mul(0.5 / votes),
        ),
      )
    const leads = leadsOf(test, w).dataSync()
    const decided = test.outcomes.flatMap((outcome, i) =>
      outcome === 0.5 ? [] : [(leads[i] ?? 0) > 0 === outcome > 0.5],
    )
    return decided.filter(Boolean).length / decided.length
  })
}

let train: Votes
let test: Votes
beforeAll(() => {
  train = vote(votes, 1)
  test = vote(heldOut, 2)
})
afterAll(() => tf.dispose([train.x, test.x]))

it('orders held-out votes better by learning from ties, as half wins or by Davidson’s model, than without them', () => {
  const tieNu = tieNuOf(train.outcomes.map((outcome) => ({ tie: outcome === 0.5 })))
  const [half, davidson, dropped] = [
    accuracy(train, test, {}, 1),
    accuracy(train, test, { tieNu }, 1),
    accuracy(train, test, {}, 0),
  ]
  expect(half).toBeGreaterThan(dropped + 0.01)
  expect(davidson).toBeGreaterThan(dropped + 0.01)
  expect(Math.abs(davidson - half)).toBeLessThan(0.01)
})
