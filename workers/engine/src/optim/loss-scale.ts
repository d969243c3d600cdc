import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import type { VariableSpec } from '../tracing/index.ts'

/** Dynamic loss scaling (Micikevicius et al., 2018), with PyTorch's numbers. */
export const lossScaling = {
  first: 2 ** 16,
  /** Applied steps in a row after which the scale doubles. */
  growAfter: 2_000,
  /** Below it, scaling is not what a model lacks. */
  least: 1,
} as const

const names = { scale: 'loss_scale/scale', good: 'loss_scale/good_steps', skipped: 'loss_scale/skipped_steps' } as const

/** The scale, the applied steps since it last changed, and the skipped steps of the stage: scalars, training state. */
export function lossScaleVariables(): Record<string, VariableSpec> {
  const scalar = (value: number): VariableSpec => ({ shape: [], dtype: 'float32', data: Float32Array.of(value) })
  return { [names.scale]: scalar(lossScaling.first), [names.good]: scalar(0), [names.skipped]: scalar(0) }
}

type LossScale = Record<keyof typeof names, Variable>

export function lossScaleOf(variables: Record<string, Variable>): LossScale {
  const of = (name: string) => {
    const variable = variables[name]
    if (variable) return variable
    throw new TemperError('internal', `the program has no variable ${name}`)
  }
  return { scale: of(names.scale), good: of(names.good), skipped: of(names.skipped) }
}

/**
 * The scale after a step: half of it where gradients overflowed and the step was skipped, twice after enough good steps.
 * @param applied - bool scalar
 * @returns the new scale, and the steps skipped so far
 */
export function adaptLossScale({ scale, good, skipped }: LossScale, applied: Tensor) {
  const run = tf.where(applied, tf.add(good, 1), 0)
  const enough = tf.greaterEqual(run, lossScaling.growAfter)
  const next = tf.where(applied, tf.where(enough, tf.mul(scale, 2), scale), tf.mul(scale, 0.5))
  const skips = tf.add(skipped, tf.where(applied, 0, 1))
  good.assign(tf.where(enough, 0, run))
  scale.assign(next as typeof scale)
  skipped.assign(skips as typeof skipped)
  return { loss_scale: next, skipped_steps: skips }
}
