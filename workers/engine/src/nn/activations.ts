import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { sigmoidGrad } from '../tracing/index.ts'

const slope = 2 * Math.sqrt(2 / Math.PI)
const cubic = slope * 0.044715

/**
 * GELU by tanh, as GPT-2 has it: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks and Gimpel, 2016), written as
 * x · sigmoid(2 √(2/π) (x + 0.044715 x³)), with a gradient of few passes.
 */
export function geluNew(x: Tensor): Tensor {
  return activation(x, {
    gate: (z) => tf.sigmoid(z.mul(z.mul(z).mul(cubic).add(slope))),
    innerSlope: (z) =>
      z.mul(
        z
          .mul(z)
          .mul(3 * cubic)
          .add(slope),
      ),
  })
}

/** x · sigmoid(x). */
export function silu(x: Tensor): Tensor {
  return activation(x, { gate: (z) => tf.sigmoid(z), innerSlope: (z) => z })
}

interface Gated {
  gate(x: Tensor): Tensor
  /** x times the derivative of what is inside the gate's sigmoid. */
  innerSlope(x: Tensor): Tensor
}

/** y = x · gate(x); dy/dx = gate + gate · (1 − gate) · innerSlope. */
function activation(x: Tensor, { gate, innerSlope }: Gated): Tensor {
  return tf.customGrad((input, save) => {
    const z = input as Tensor
    const open = gate(z)
    const keep = save as (tensors: Tensor[]) => void
    keep([z, open])
    const gradFunc = (dy: Tensor, [saved = z, s = open]: Tensor[]) =>
      tf.mul(dy, tf.add(s, sigmoidGrad(s, innerSlope(saved))))
    return { value: tf.mul(z, open), gradFunc }
  })(x)
}
