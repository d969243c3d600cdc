import { TemperError } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'

export interface Gradients {
  /** The loss, a scalar. */
  value: Tensor
  /** By the keys of `params`. */
  grads: Record<string, Tensor>
}

/**
 * Value of a scalar loss and its gradient in every parameter.
 * Throws `invalid_input` for a parameter that the loss does not reach, unless `allowMissing`: then its key is left out.
 */
export function gradients(
  loss: () => Tensor,
  params: Record<string, Tensor>,
  options: { allowMissing?: boolean } = {},
): Gradients {
  const keys = Object.keys(params)
  const { value, grads } = tf.engine().gradients(loss, Object.values(params), undefined, true)
  if (value.rank !== 0) {
    throw new TemperError('invalid_input', `gradients takes a scalar loss, got shape [${value.shape}]`)
  }
  const missing = keys.filter((_, i) => !grads[i])
  if (missing.length > 0 && !options.allowMissing) {
    throw new TemperError('invalid_input', `the loss does not depend on ${missing.join(', ')}`, {
      details: { missing },
    })
  }
  const found = keys.flatMap((key, i) => (grads[i] ? [[key, grads[i]] as const] : []))
  return { value, grads: Object.fromEntries(found) }
}
