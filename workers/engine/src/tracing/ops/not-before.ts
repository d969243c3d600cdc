import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { traceScope } from './trace-scope.ts'

/**
 * The same values, which a traced graph takes up only after `other` is computed. What is built upon them waits, and is
 * not merged with equal operations elsewhere: TensorFlow would keep the first result instead of computing it again, and
 * begin parts that follow one another all at once. No gradient flows through it while tracing.
 */
export function notBefore(x: Tensor, other: Tensor): Tensor {
  return traceScope()?.notBefore(x, other) ?? x
}
