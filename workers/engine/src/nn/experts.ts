import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { groupedMatMul, stopGradient } from '../tracing/index.ts'
import { gatedSilu } from './activations.ts'

/** Where a layer's router sends its tokens. */
export interface Routing {
  /** Softmax of the router's scores, (N, E). */
  probabilities: Tensor
  /** The experts of each token, most probable first, int32 (N, k). */
  experts: Tensor
}

/**
 * The k most probable experts of each token, with their probabilities as weights (N, k), which add up to 1 where
 * `normalize` is set. No gradient flows through the choice.
 * @param scores - (N, E)
 */
export function routeTopK(scores: Tensor, k: number, normalize: boolean): { routing: Routing; weights: Tensor } {
  const [tokens, count] = scores.shape as [number, number]
  const probabilities = tf.softmax(scores)
  const experts = tf.topk(stopGradient(probabilities), k).indices
  const first = tf.range(0, tokens * count, count, 'int32')
  const places = tf.reshape(tf.add(experts, tf.expandDims(first, 1)), [tokens * k])
  const chosen = tf.reshape(tf.gather(tf.reshape(probabilities, [-1]), places as Tensor1D), [tokens, k])
  const weights = normalize ? tf.div(chosen, tf.sum(chosen, 1, true)) : chosen
  return { routing: { probabilities, experts }, weights }
}

/**
 * Σ weight · down(silu(gate x) · up x) over the experts of each token (Shazeer et al., 2017; Jiang et al., 2024).
 * Tokens are sorted by expert, so each expert computes those it is given and no others, and none is dropped.
 * @param x - (N, D)
 * @param experts - int32 (N, k)
 * @param weights - (N, k)
 * @param gateUp - (E, 2F, D), gate over up
 * @param down - (E, D, F)
 * @returns (N, D)
 */
export function expertsSwiglu(x: Tensor, experts: Tensor, weights: Tensor, gateUp: Tensor, down: Tensor): Tensor {
  const [tokens, k] = experts.shape as [number, number]
  const size = tokens * k
  const assigned = tf.reshape(experts, [size]) as Tensor1D
  const counts = tf.sum(tf.oneHot(assigned, gateUp.shape[0] ?? 0), 0)
  const order = tf.topk(tf.neg(assigned), size).indices as Tensor1D // of assignments, by expert
  const place = tf.scatterND(tf.expandDims(order, 1), tf.range(0, size, 1, 'int32'), [size]) as Tensor1D // its inverse
  const rows = tf.gather(x, tf.floorDiv(order, tf.scalar(k, 'int32')) as Tensor1D)
  const [gate, up] = tf.split(groupedMatMul(rows, gateUp, counts), 2, 1) as [Tensor, Tensor]
  const out = groupedMatMul(gatedSilu(gate, up), down, counts)
  const ofTokens = tf.reshape(tf.gather(out, place), [tokens, k, -1])
  return tf.sum(tf.mul(ofTokens, tf.expandDims(weights, 2)), 1)
}
