import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  adaptLossScale,
  type Grads,
  lossScaleOf,
  lossScaleVariables,
  optimizerStep,
  optimizerVariables,
  type StepInputs,
} from '../optim/index.ts'
import { tf } from '../runtime/tf.ts'
import { gradients, type Inputs, type VariableSpec, type Variables, withRecomputation } from '../tracing/index.ts'
import type { OptimizerSettings, UpdaterOptions } from './updater.ts'

/** The moments, and the loss scale where there is one: without them the next step would differ. */
export function stateVariables(
  shapes: Record<string, readonly number[]>,
  settings: OptimizerSettings,
): Record<string, VariableSpec> {
  return { ...optimizerVariables(shapes), ...(scalesLoss(settings) && lossScaleVariables()) }
}

/** The metrics of a pass with its `loss`, and the gradients of it, in fp16 of it times the loss scale. */
export function lossAndGradients(
  { trained, settings, body }: UpdaterOptions,
  variables: Variables,
  inputs: Inputs<string>,
): { metrics: Record<string, Tensor> & { loss: Tensor }; early: Record<string, Tensor>; grads: Grads } {
  const params = Object.fromEntries(trained.map((name) => [name, variables[name] as Tensor]))
  let kept: Record<'metrics' | 'early', Record<string, Tensor>> = { metrics: {}, early: {} }
  const { grads } = gradients(() => {
    const {
      loss,
      metrics,
      early = {},
    } = withRecomputation(settings.gradientCheckpointing, () => body(variables, inputs))
    // The tape frees what is made inside it; these are wanted outside.
    kept = mapValues({ metrics: { ...metrics, loss }, early }, (group) => mapValues(group, (x) => tf.keep(x.clone())))
    return scalesLoss(settings) ? tf.mul(loss, lossScaleOf(variables).scale) : loss
  }, params)
  const { metrics, early } = mapValues(kept, (group) => mapValues(group, released))
  return { metrics: metrics as Record<string, Tensor> & { loss: Tensor }, early, grads }
}

function released(kept: Tensor): Tensor {
  const free = kept.clone()
  kept.dispose()
  return free
}

/** One update of the weights; see `optimizerStep` and `adaptLossScale` for what comes back. */
export function applyGradients(
  variables: Variables,
  grads: Grads,
  settings: OptimizerSettings,
  inputs: StepInputs,
): Record<string, Tensor> {
  if (!scalesLoss(settings)) return { ...optimizerStep(variables, grads, settings, inputs) }
  const state = lossScaleOf(variables)
  // Moments have seen the applied steps only.
  const step = tf.sub(inputs.step, state.skipped)
  const outputs = optimizerStep(variables, grads, settings, { ...inputs, step }, state.scale)
  return { ...outputs, ...adaptLossScale(state, outputs.applied) }
}

function scalesLoss({ precision }: OptimizerSettings): boolean {
  return precision === 'fp16'
}

function mapValues<K extends string, A, B>(record: Record<K, A>, map: (value: A) => B): Record<K, B> {
  const entries = Object.entries<A>(record).map(([key, value]) => [key, map(value)])
  return Object.fromEntries(entries) as Record<K, B>
}
