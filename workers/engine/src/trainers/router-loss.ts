import { TemperError } from '@temper/db/contracts'
import { routerBalance } from '../losses/index.ts'
import type { Model, Routing } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs } from '../tracing/index.ts'
import type { LossAndMetrics } from './updater.ts'

/**
 * Weight of the balancing loss: the setting, else what config.json says, as transformers does.
 * @throws TemperError invalid_recipe where the setting asks for it in a model without experts
 */
export function routerLossCoef(model: Model, setting: number | undefined): number {
  if (setting !== undefined && model.routerAuxLossCoef === undefined) {
    const message = `routerAuxLossCoef (${setting}) is for models with experts, this one is ${model.modelType}`
    throw new TemperError('invalid_recipe', message, { details: { routerAuxLossCoef: setting } })
  }
  return setting ?? model.routerAuxLossCoef ?? 0
}

/** Adds a mean over the passes of a step, since the loss of a pass is not a share of the whole step's. */
export function withRouterLoss(
  { loss, metrics }: LossAndMetrics,
  routings: readonly Routing[],
  { segments, passes }: Inputs<'segments' | 'passes'>,
  coefficient: number,
): LossAndMetrics {
  if (routings.length === 0) return { loss, metrics }
  const real = tf.reshape(tf.cast(tf.greater(segments, tf.scalar(0, 'int32')), 'float32'), [-1])
  const balance = routerBalance(routings, real)
  const auxLoss = tf.div(balance.loss, passes)
  const loads = { max_expert_load: balance.maxLoad, min_expert_load: balance.minLoad }
  return {
    loss: tf.add(loss, tf.mul(auxLoss, coefficient)),
    metrics: { ...metrics, router_aux_loss: auxLoss, ...loads },
  }
}
