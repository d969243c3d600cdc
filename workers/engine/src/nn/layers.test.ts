import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { gatedSilu, geluNew } from './activations.ts'
import { conv1d, linear } from './linear.ts'
import { layerNorm, rmsNorm } from './norm.ts'
import { applyRope, ropeFrequencies, ropeRotation } from './rope.ts'

/** Values of what a function returns, its other tensors freed. */
function valuesOf(make: () => { dataSync(): ArrayLike<number> }): number[] {
  return tf.tidy(() => Array.from(make().dataSync()))
}

function expectClose(actual: number[], expected: number[]) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5)
}

describe('linear', () => {
  it('multiplies by the transposed weight and keeps leading axes', () => {
    const x = [[[1, 2]], [[3, 4]]] // (2, 1, 2)
    const weight = [
      [1, 0], // takes the first coordinate
      [0, 1],
      [1, 1], // adds both
    ]
    const bias = [0, 0, 10]
    const y = tf.tidy(() => linear(tf.tensor(x), tf.tensor(weight), tf.tensor(bias)).arraySync())
    expect(y).toEqual([[[1, 2, 13]], [[3, 4, 17]]])
  })

  it('takes a Conv1D weight as it is', () => {
    const weight = [
      [1, 0, 2],
      [0, 1, 3],
    ]
    expect(valuesOf(() => conv1d(tf.tensor([[5, 7]]), tf.tensor(weight)))).toEqual([5, 7, 31])
  })
})

describe('norms', () => {
  it('layerNorm gives mean 0 and variance 1 before weight and bias', () => {
    const norm = () => layerNorm(tf.tensor([[1, 2, 3]]), tf.tensor([1, 1, 2]), tf.tensor([0, 5, 0]), 1e-12)
    // (1, 2, 3) has mean 2 and standard deviation √(2/3)
    expectClose(valuesOf(norm), [-1.2247449, 5, 2.4494897])
  })

  it('rmsNorm divides by the root mean square', () => {
    // (3, 4): √((9 + 16) / 2) = 3.5355339
    expectClose(
      valuesOf(() => rmsNorm(tf.tensor([[3, 4]]), tf.tensor([1, 2]), 1e-12)),
      [0.8485281, 2.2627417],
    )
  })
})

describe('activations', () => {
  it('geluNew follows the tanh formula', () => {
    expectClose(
      valuesOf(() => geluNew(tf.tensor([-3, -1, 0, 0.5, 2]))),
      [-0.0036374, -0.158808, 0, 0.345714, 1.9545977],
    )
  })

  it('gatedSilu is x times sigmoid times the other', () => {
    expectClose(
      valuesOf(() => gatedSilu(tf.tensor([-3, -1, 0, 0.5, 2]), tf.tensor([1, 1, 1, 10, -1]))),
      [-0.1422776, -0.2689414, 0, 3.1122966, -1.7615942],
    )
  })
})

describe('rope', () => {
  it('keeps short wavelengths, blends middle ones and stretches long ones by the factor (llama3)', () => {
    const scaling = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContextLength: 64 }
    expectClose(Array.from(ropeFrequencies(8, 100, { type: 'default' })), [1, 0.3162278, 0.1, 0.0316228])
    // wavelengths 6.3 (kept), 19.9 and 62.8 (blended), 198.7 (stretched: / 8)
    const scaled = ropeFrequencies(8, 100, { type: 'llama3', ...scaling })
    expectClose(Array.from(scaled), [1, 0.2443846, 0.0130423, 0.0039528])
  })

  it('stretches every wavelength by the factor (linear)', () => {
    expectClose(Array.from(ropeFrequencies(4, 100, { type: 'linear', factor: 4 })), [0.25, 0.025])
  })

  it.each([
    // pairs 0 to 4 are blended by their index
    [true, [1, 0.377129093, 0.134652168, 0.04375, 0.011603972, 0.005386087]],
    // pairs 0.31 to 3.02
    [false, [1, 0.376107306, 0.114932904, 0.025664394, 0.011603972, 0.005386087]],
  ])('keeps the first pairs, blends the next and stretches the rest (yarn, truncated %s)', (truncate, expected) => {
    const turns = { betaFast: 8, betaSlow: 1, originalContextLength: 64 }
    const scaled = ropeFrequencies(12, 100, { type: 'yarn', factor: 4, truncate, attentionFactor: 1, ...turns })
    expectClose(Array.from(scaled), expected)
  })

  it('turns the pair (x_i, x_i+half) by position times frequency', () => {
    const turn = () => {
      const rotation = ropeRotation(tf.tensor2d([[0, 1]], [1, 2], 'int32'), new Float32Array([1, 0]))
      return applyRope(tf.tensor([1, 2, 0, 0, 1, 2, 0, 0], [1, 1, 2, 4]), rotation)
    }
    // position 0 stays; at position 1 the first pair (1, 0) turns by 1 radian, the second has frequency 0
    expectClose(valuesOf(turn), [1, 2, 0, 0, 0.5403023, 2, 0.841471, 0])
  })

  it('makes products depend on the distance only', () => {
    const dot = (at: number) =>
      valuesOf(() => {
        const rotation = ropeRotation(
          tf.tensor2d([[at, at + 3]], [1, 2], 'int32'),
          ropeFrequencies(4, 100, { type: 'default' }),
        )
        const x = applyRope(tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]), rotation).reshape([2, 4])
        return x
          .slice([0, 0], [1, 4])
          .mul(x.slice([1, 0], [1, 4]))
          .sum()
      })
    expect(dot(11)[0]).toBeCloseTo(dot(0)[0] ?? 0, 3)
  })
})

describe('gradients written by hand', () => {
  const x = [0.3, -1.2, 2, 0.7, 0.1, -0.4, 1.5, -2.2]
  const weight = [1, -0.5, 2, 0.25]
  const bias = [0.1, 0, -1, 3]
  const toX = (run: (x: Tensor) => Tensor) => (params: Tensor[]) => run(params[0] as Tensor)
  const affine = (run: (x: Tensor, w: Tensor, b: Tensor) => Tensor) => (params: Tensor[]) =>
    run(...(params as [Tensor, Tensor, Tensor]))
  const pairs: [string, (params: Tensor[]) => Tensor, (params: Tensor[]) => Tensor][] = [
    [
      'geluNew',
      toX(geluNew),
      toX((z) =>
        z
          .pow(3)
          .mul(0.044715)
          .add(z)
          .mul(Math.sqrt(2 / Math.PI))
          .tanh()
          .add(1)
          .mul(z)
          .mul(0.5),
      ),
    ],
    ['gatedSilu', toX((z) => gatedSilu(z, tf.onesLike(z))), toX((z) => z.div(z.neg().exp().add(1)))],
    [
      'layerNorm',
      affine((z, w, b) => layerNorm(z, w, b, 1e-5)),
      affine((z, w, b) =>
        z
          .sub(z.mean(-1, true))
          .div(tf.moments(z, -1, true).variance.add(1e-5).sqrt())
          .mul(w)
          .add(b),
      ),
    ],
    [
      'rmsNorm',
      affine((z, w) => rmsNorm(z, w, 1e-5)),
      affine((z, w) => z.div(z.square().mean(-1, true).add(1e-5).sqrt()).mul(w)),
    ],
  ]

  it.each(pairs)('of %s are those of its definition', (_, layer, definition) => {
    const params = () => [tf.tensor(x, [2, 1, 4]), tf.tensor(weight), tf.tensor(bias)]
    const gradientsOf = (run: (params: Tensor[]) => Tensor) => {
      const loss = (...given: Tensor[]) =>
        run(given)
          .mul(tf.tensor([1, 2, -1, 3, 0.5, 1, 1, -2], [2, 1, 4]))
          .sum()
      const { grads } = tf.engine().gradients(() => loss(...inputs), inputs, undefined, true)
      return grads.flatMap((grad) => (grad ? Array.from(grad.dataSync()) : []))
    }
    const inputs = params()
    expectClose(gradientsOf(layer), gradientsOf(definition))
    expect(gradientsOf(layer).length).toBeGreaterThanOrEqual(8)
    for (const input of inputs) input.dispose()
  })
})
