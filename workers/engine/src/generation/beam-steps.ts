import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Model, paramsOf, type Role } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import type { CompiledFunction, Program, Variables } from '../tracing/index.ts'
import { cachedAttend, type KvCache, plainAttend } from './kv-cache.ts'

/** P prompts with `numBeams` slots each, `width` continuations a prompt and step. */
export interface BeamShape {
  prompts: number
  numBeams: number
  width: number
  /** Slots of a prompt follow one another. */
  cache: KvCache
}

type Step<K extends string> = CompiledFunction<K, 'logps' | 'choices'>
export type PrefillStep = Step<'ids' | 'lastIndices' | 'logps'>
export type DecodeStep = Step<'ids' | 'positions' | 'holders' | 'logps'>

/** Where the weights are, and how products are computed. */
export interface Policy {
  program: Program
  model: Model
  role: Role
  precision: 'fp32' | 'bf16'
}

/** `ids` (P, T) padded to `promptLength`, `lastIndices` (B) into the flat prompts, `logps` (B) of the beams so far. */
export function definePrefill(policy: Policy, shape: BeamShape, promptLength: number): PrefillStep {
  const { program, model, role, precision } = policy
  const { prompts, cache } = shape
  const inputs = {
    ids: { shape: [prompts, promptLength], dtype: 'int32' as const },
    lastIndices: { shape: [cache.slots], dtype: 'int32' as const },
    logps: { shape: [cache.slots], dtype: 'float32' as const },
  }
  const name = `${cache.name}/prefill/${prompts}/${promptLength}/${shape.width}`
  return program.define(name, { inputs, precision }, (variables, { ids, lastIndices, logps }) => {
    const positions = tf.tile(tf.expandDims(tf.range(0, promptLength, 1, 'int32'), 0), [prompts, 1])
    const filled = (value: number) => tf.fill([prompts], value, 'int32')
    // What follows a prompt in its slot is padding, which is overwritten before anybody sees it.
    const places = { slots: firstSlots(shape), starts: filled(0), counts: filled(promptLength) }
    const attend = cachedAttend(cache, model, variables, places)
    const last = model.hiddenStates(paramsOf(variables, role), { ids, positions, at: lastIndices }, attend)
    return mostLikely(policy, shape, variables, last, logps)
  })
}

/** `ids`, `positions` and `logps` (B) of the beams' last tokens, `holders` (B, length) as in `plainAttend`. */
export function defineDecode(policy: Policy, shape: BeamShape): DecodeStep {
  const { program, model, role, precision } = policy
  const { cache } = shape
  const inputs = {
    ids: { shape: [cache.slots], dtype: 'int32' as const },
    positions: { shape: [cache.slots], dtype: 'int32' as const },
    holders: { shape: [cache.slots, cache.length], dtype: 'int32' as const },
    logps: { shape: [cache.slots], dtype: 'float32' as const },
  }
  const name = `${cache.name}/decode/${shape.prompts}/${shape.width}`
  return program.define(name, { inputs, precision }, (variables, { ids, positions, holders, logps }) => {
    const places = { slots: tf.range(0, cache.slots, 1, 'int32'), starts: positions, counts: tf.onesLike(positions) }
    const attend = plainAttend(cache, model, variables, places, holders)
    const input = { ids: tf.expandDims(ids, 1), positions: tf.expandDims(positions, 1) }
    const hidden = model.hiddenStates(paramsOf(variables, role), input, attend)
    return mostLikely(policy, shape, variables, tf.reshape(hidden, [cache.slots, model.hiddenSize]), logps)
  })
}

/** A prompt fills the first of its slots. */
function firstSlots({ prompts, numBeams }: BeamShape): Tensor {
  return tf.range(0, prompts * numBeams, numBeams, 'int32')
}

/** The best continuations of each prompt's beams, best first: `logps` (P, width), `choices` beam · V + id (P, width). */
function mostLikely(
  { model, role }: Policy,
  { prompts, numBeams, width }: BeamShape,
  variables: Variables,
  hidden: Tensor,
  logps: Tensor,
) {
  const logits = tf.matMul(hidden, model.headWeight(paramsOf(variables, role)), false, true)
  const sums = tf.add(tf.logSoftmax(logits), tf.expandDims(logps, 1))
  const { values, indices } = tf.topk(tf.reshape(sums, [prompts, numBeams * model.vocabSize]), width)
  return { logps: values, choices: indices }
}
