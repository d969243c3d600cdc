import type { Tensor } from '@tensorflow/tfjs-node-gpu'

const sqrtTwoOverPi = Math.sqrt(2 / Math.PI)

/** GELU by tanh, as GPT-2 has it: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks and Gimpel, 2016). */
export function geluNew(x: Tensor): Tensor {
  const inner = x.mul(
    x
      .square()
      .mul(sqrtTwoOverPi * 0.044715)
      .add(sqrtTwoOverPi),
  )
  return x.mul(inner.tanh().mul(0.5).add(0.5))
}

/** x · sigmoid(x). */
export function silu(x: Tensor): Tensor {
  return x.mul(x.sigmoid())
}
