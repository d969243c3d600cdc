import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { hasOwnKernels, ownKernel, sigmoidGrad } from '../tracing/index.ts'

const slope = 2 * Math.sqrt(2 / Math.PI)
const cubic = slope * 0.044715

/**
 * GELU by tanh, as GPT-2 has it: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) (Hendrycks and Gimpel, 2016), written as
 * x · sigmoid(2 √(2/π) (x + 0.044715 x³)), with a gradient of few passes: one each by our own kernels.
 */
export function geluNew(x: Tensor): Tensor {
  if (hasOwnKernels(x)) return geluByKernel(x)
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

function geluByKernel(x: Tensor): Tensor {
  return tf.customGrad((input, save) => {
    const z = input as Tensor
    const keep = save as (tensors: Tensor[]) => void
    keep([z])
    const gradFunc = (dy: Tensor, [saved = z]: Tensor[]) =>
      ownKernel({ op: 'TemperGeluGrad', inputs: [saved, dy], outputs: [z.shape] })[0] as Tensor
    return { value: ownKernel({ op: 'TemperGelu', inputs: [z], outputs: [z.shape] })[0] as Tensor, gradFunc }
  })(x)
}

/** silu(gate) · up, the gated half of SwiGLU (Shazeer, 2020), for two tensors of one shape; silu(x) = x · sigmoid(x). */
export function gatedSilu(gate: Tensor, up: Tensor): Tensor {
  return hasOwnKernels(gate) ? gatedSiluByKernel(gate, up) : silu(gate).mul(up)
}

function gatedSiluByKernel(gate: Tensor, up: Tensor): Tensor {
  return tf.customGrad((...args: unknown[]) => {
    const [x, factor, save] = args as [Tensor, Tensor, (tensors: Tensor[]) => void]
    save([x, factor])
    const gradFunc = (dy: Tensor, saved: Tensor[]) =>
      ownKernel({ op: 'TemperGatedSiluGrad', inputs: [...saved, dy], outputs: [x.shape, x.shape] })
    return {
      value: ownKernel({ op: 'TemperGatedSilu', inputs: [x, factor], outputs: [x.shape] })[0] as Tensor,
      gradFunc,
    }
  })(gate, up)
}

function silu(x: Tensor): Tensor {
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
