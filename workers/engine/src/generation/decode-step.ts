import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Model, namesRead, paramsOf, type Role } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import {
  type CompiledFunction,
  type InputSpec,
  type Program,
  sparseCrossEntropy,
  type Variables,
} from '../tracing/index.ts'
import { cachedAttend, cacheVariables, type KvCache } from './kv-cache.ts'
import { sampleTokens } from './sampler.ts'
import { planKey, type SamplingPlan, type SamplingTensors, samplingInputs } from './sampling-settings.ts'

/** Where the weights are, and how products and the cache are kept. */
export interface Policy {
  program: Program
  model: Model
  role: Role
  precision: 'fp32' | 'bf16'
  /** Tells its caches from those of other decoders of the program; the role unless set. */
  purpose?: string
}

/** `rows` sequences that get `tokens` new tokens each: a part of their prompts, or the one they were given last. */
export interface StepShape {
  rows: number
  tokens: number
  plan: SamplingPlan
}

export type StepOutput = 'ids' | 'logps' | 'plainLogps' | 'topIds' | 'topLogps'
export type DecodeStep = CompiledFunction<string, StepOutput>

export function stepKey(cache: KvCache, { rows, tokens, plan }: StepShape): string {
  return `${cache.name}/${rows}x${tokens}/${planKey(plan)}`
}

/**
 * Reads new tokens into the cache and samples what follows the last of each sequence: `ids` and `logps` (rows). Where
 * tokens are reported, at temperature 1 for all of them to be of one distribution: `plainLogps` (rows) of the chosen ones
 * and the most likely ones, `topIds` and `topLogps` (rows, plan.top).
 */
export function defineStep(policy: Policy, cache: KvCache, shape: StepShape): DecodeStep {
  const { program, precision } = policy
  const inputs = stepInputs(policy.model, shape)
  // Caches of others come and go.
  const variables = [...namesRead(policy.role, policy.model), ...Object.keys(cacheVariables(cache, policy.model))]
  const spec = { inputs, variables, precision }
  return program.define(stepKey(cache, shape), spec, (held, tensors) => {
    const logits = nextLogits(policy, cache, held, tensors as StepTensors, shape)
    const { uniforms, prompt, completion, ...settings } = tensors as StepTensors
    const past = prompt && completion ? { prompt, completion } : undefined
    const drawn = sampleTokens(logits, uniforms, settings, shape.plan, past)
    return { ...drawn, ...reported(logits, drawn.ids, shape.plan.top) } as Record<StepOutput, Tensor>
  })
}

/** `ids` (rows, tokens); all others (rows), but counts of penalties (rows, V). */
type StepTensors = SamplingTensors &
  Record<'ids' | 'slots' | 'starts' | 'counts' | 'uniforms', Tensor> & { prompt?: Tensor; completion?: Tensor }

function stepInputs({ vocabSize }: Model, { rows, tokens, plan }: StepShape): Record<string, InputSpec> {
  const whole = (shape: number[]) => ({ shape, dtype: 'int32' as const })
  const real = (shape: number[]) => ({ shape, dtype: 'float32' as const })
  const counts = { prompt: real([rows, vocabSize]), completion: real([rows, vocabSize]) }
  const places = { slots: whole([rows]), starts: whole([rows]), counts: whole([rows]) }
  const inputs = { ids: whole([rows, tokens]), ...places, uniforms: real([rows]), ...samplingInputs(rows) }
  return plan.penalties ? { ...inputs, ...counts } : inputs
}

/** Logits (rows, V) behind the last new token of each sequence. */
function nextLogits(
  { model, role }: Policy,
  cache: KvCache,
  variables: Variables,
  { ids, slots, starts, counts }: StepTensors,
  { rows, tokens }: StepShape,
): Tensor {
  const attend = cachedAttend(cache, model, variables, { slots, starts, counts })
  const params = paramsOf(variables, role)
  const order = tf.expandDims(tf.range(0, tokens, 1, 'int32'), 0)
  // Padding may lie beyond the context.
  const positions = tf.minimum(tf.add(tf.expandDims(starts, 1), order), tf.scalar(model.contextLength - 1, 'int32'))
  const last = tf.add(tf.range(0, rows * tokens, tokens, 'int32'), tf.maximum(tf.sub(counts, 1), 0))
  const at = tokens === 1 ? undefined : tf.cast(last, 'int32')
  const hidden = model.hiddenStates(params, { ids, positions, at }, attend)
  return tf.matMul(tf.reshape(hidden, [rows, model.hiddenSize]), model.headWeight(params), false, true)
}

function reported(logits: Tensor, ids: Tensor, top: number): Record<string, Tensor> {
  if (top === 0) return {}
  const { values, indices } = tf.topk(tf.logSoftmax(logits), Math.min(top, logits.shape[1] ?? top))
  return { plainLogps: tf.neg(sparseCrossEntropy(logits, ids)), topIds: indices, topLogps: values }
}
