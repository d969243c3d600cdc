import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

/** Registered by the tracing backend under TensorFlow's own name. */
export const statelessUniformKernel = 'StatelessRandomUniform'

/** The part of tfjs-node's backend that runs any TensorFlow operation by name. */
interface NodeBackend {
  binding: { TF_ATTR_TYPE: number; TF_FLOAT: number; TF_INT32: number }
  executeSingleOutput(name: string, attributes: object[], inputs: Tensor[]): Tensor
}

/**
 * Uniform numbers in [0, 1), a function of `seed` (2) int32 and the shape alone: equal seeds give equal numbers in
 * eager and traced programs. This is the only randomness a traced function may use.
 */
export function statelessUniform(shape: number[], seed: Tensor): Tensor {
  if (traceScope()) return tf.engine().runKernel(statelessUniformKernel, { seed }, { shape }) as Tensor
  const backend = tf.backend() as unknown as NodeBackend
  const { TF_ATTR_TYPE: type, TF_FLOAT, TF_INT32 } = backend.binding
  const attributes = [
    { name: 'dtype', type, value: TF_FLOAT },
    { name: 'T', type, value: TF_INT32 },
    { name: 'Tseed', type, value: TF_INT32 },
  ]
  const inputs = [tf.tensor1d(shape, 'int32'), seed]
  const made = backend.executeSingleOutput(statelessUniformKernel, attributes, inputs)
  inputs[0]?.dispose()
  return made
}
