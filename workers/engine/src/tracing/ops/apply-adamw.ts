import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

export interface AdamWVariables {
  param: Variable
  /** First and second moment, shaped like the parameter. */
  m: Variable
  v: Variable
}

export interface AdamWSettings {
  learningRate: Tensor | number
  beta1: number
  beta2: number
  /** Added outside the square root, after the bias correction. */
  epsilon: number
  weightDecay: number
  /** What the gradient is multiplied by first; 1 unless set. */
  gradScale?: Tensor
  /** 1 at the first update; float32 scalar. */
  step: Tensor | number
  /** Bool scalar: where it does not hold, all three variables stay as they are, bit for bit. Always unless set. */
  when?: Tensor
}

/**
 * One AdamW update as PyTorch computes it: `param *= 1 - lr·wd`, then
 * `param -= lr / (1 - beta1^t) · m / (sqrt(v / (1 - beta2^t)) + epsilon)` (Loshchilov and Hutter, 2019).
 * Assigns all three variables; reads of them that follow see the new values.
 */
export function applyAdamW(variables: AdamWVariables, grad: Tensor, settings: AdamWSettings): void {
  const scope = traceScope()
  if (scope) scope.applyAdamW(variables, grad, settings)
  else if (settings.when?.dataSync()[0] !== 0) tf.tidy(() => updateEagerly(variables, grad, settings))
}

function updateEagerly({ param, m, v }: AdamWVariables, unscaled: Tensor, settings: AdamWSettings): void {
  const { beta1, beta2, epsilon, weightDecay } = settings
  const grad = scaledGradient(unscaled, settings)
  m.assign(m.mul(beta1).add(grad.mul(1 - beta1)))
  v.assign(v.mul(beta2).add(grad.square().mul(1 - beta2)))
  const { stepSize, rootCorrection } = adamWScalars(settings)
  const decayed = weightDecay === 0 ? param : param.sub(param.mul(tf.mul(settings.learningRate, weightDecay)))
  param.assign(decayed.sub(m.div(v.sqrt().div(rootCorrection).add(epsilon)).mul(stepSize)))
}

export function scaledGradient(grad: Tensor, { gradScale }: AdamWSettings): Tensor {
  return gradScale ? tf.mul(grad, gradScale) : grad
}

/** `lr / (1 - beta1^t)` and `sqrt(1 - beta2^t)`; expm1 keeps the digits that `1 - beta2^t` loses in fp32 at small t. */
export function adamWScalars(settings: AdamWSettings): { stepSize: Tensor; rootCorrection: Tensor } {
  const correction = (beta: number) => tf.neg(tf.expm1(tf.mul(settings.step, Math.log(beta))))
  return {
    stepSize: tf.div(settings.learningRate, correction(settings.beta1)),
    rootCorrection: tf.sqrt(correction(settings.beta2)),
  }
}
