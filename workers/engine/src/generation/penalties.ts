import type { Sampling } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import type { VariableSpec, Variables } from '../tracing/index.ts'

export type Penalties = Pick<Sampling, 'repetitionPenalty' | 'frequencyPenalty'>

/** How often each token stands in the prompts and in the completions so far, both (B, V). */
export interface Past {
  prompt: Tensor
  completion: Tensor
}

export function hasPenalty({ repetitionPenalty, frequencyPenalty }: Penalties): boolean {
  return repetitionPenalty !== 1 || frequencyPenalty !== 0
}

/**
 * Logits (B, V) after Hugging Face's repetition penalty (tokens of prompt or completion: positive logits are divided by
 * it, negative ones multiplied) and then OpenAI's frequency penalty (times the count in the completion, subtracted).
 */
export function penalizedLogits(logits: Tensor, penalties: Penalties, { prompt, completion }: Past): Tensor {
  const { repetitionPenalty, frequencyPenalty } = penalties
  let penalized = logits
  if (repetitionPenalty !== 1) {
    const repeated = tf.where(
      tf.greater(logits, 0),
      tf.div(logits, repetitionPenalty),
      tf.mul(logits, repetitionPenalty),
    )
    penalized = tf.where(tf.greater(tf.add(prompt, completion), 0), repeated, logits)
  }
  if (frequencyPenalty !== 0) penalized = tf.sub(penalized, tf.mul(completion, frequencyPenalty))
  return penalized
}

/** Counts (B, V) of `ids` (B, T) int32, each as much as its weight in `weights` (B, T): 0 for padding. */
export function tokenCounts(ids: Tensor, weights: Tensor, vocabSize: number): Tensor {
  const [rows, length] = ids.shape as [number, number]
  const first = tf.reshape(tf.range(0, rows * vocabSize, vocabSize, 'int32'), [rows, 1])
  const cells = tf.reshape(tf.add(ids, first), [rows * length])
  const counts = tf.unsortedSegmentSum(tf.reshape(weights, [rows * length]), cells as never, rows * vocabSize)
  return tf.reshape(counts, [rows, vocabSize])
}

/** The past of generation, kept on the device; `name` begins the names of the variables. */
export class PastVariables {
  readonly #names: { prompt: string; completion: string }
  readonly #shape: [slots: number, vocabSize: number]

  constructor(name: string, slots: number, vocabSize: number) {
    this.#names = { prompt: `${name}/prompt`, completion: `${name}/completion` }
    this.#shape = [slots, vocabSize]
  }

  specs(): Record<string, VariableSpec> {
    const spec = { shape: this.#shape, dtype: 'float32' } as const
    return { [this.#names.prompt]: spec, [this.#names.completion]: spec }
  }

  /** Begins anew with prompts `ids` (slots, T), each real up to its last token: its place in all of `ids`, (slots). */
  begin(variables: Variables, ids: Tensor, lastIndices: Tensor): Past {
    const places = tf.reshape(tf.range(0, ids.size, 1, 'int32'), ids.shape)
    const real = tf.cast(tf.lessEqual(places, tf.expandDims(lastIndices, 1)), 'float32')
    const past = { prompt: tokenCounts(ids, real, this.#shape[1]), completion: tf.zeros(this.#shape) }
    for (const key of ['prompt', 'completion'] as const) this.#variable(variables, key).assign(past[key])
    return past
  }

  /** Adds the token that each slot has just got, `ids` (slots). */
  add(variables: Variables, ids: Tensor): Past {
    const counts = this.#variable(variables, 'completion')
    const completion = tf.add(counts, tf.cast(tf.oneHot(ids, this.#shape[1]), 'float32'))
    counts.assign(completion)
    return { prompt: this.#variable(variables, 'prompt'), completion }
  }

  #variable(variables: Variables, key: 'prompt' | 'completion') {
    const variable = variables[this.#names[key]]
    if (!variable) throw new Error(`the program has no variable ${this.#names[key]}`)
    return variable
  }
}
