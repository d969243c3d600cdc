import { expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { dropout } from './dropout.ts'

it('drops a share of the elements and keeps the mean', () => {
  const values = tf.tidy(() => {
    const dropped = dropout(tf.ones([100, 100]), tf.scalar(0.2), tf.tensor1d([1, 2], 'int32'))
    return Array.from(dropped.dataSync())
  })
  expect(new Set(values)).toEqual(new Set([0, 1.25]))
  const share = values.filter((value) => value === 0).length / values.length
  expect(Math.abs(share - 0.2)).toBeLessThan(0.016) // four standard errors
})

it('lets gradients through where values pass', () => {
  const [dropped, gradient] = tf.tidy(() => {
    const drop = (x: ReturnType<typeof tf.tensor>) => dropout(x, tf.scalar(0.5), tf.tensor1d([3, 4], 'int32'))
    const x = tf.ones([50])
    return [
      drop(x).dataSync(),
      tf
        .grad((input) => drop(input).sum())(x)
        .dataSync(),
    ]
  })
  expect(gradient).toEqual(dropped)
})
