import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import type { SamplingTensors } from './sampling-settings.ts'

/** How often each token stands in the prompts and in the completions so far, both (B, V). */
export interface Past {
  prompt: Tensor
  completion: Tensor
}

/**
 * Logits (B, V) after Hugging Face's repetition penalty (tokens of prompt or completion: positive logits are divided by
 * it, negative ones multiplied) and then OpenAI's frequency penalty (times the count in the completion, subtracted).
 */
export function penalizedLogits(
  logits: Tensor,
  penalties: Pick<SamplingTensors, 'repetitionPenalty' | 'frequencyPenalty'>,
  { prompt, completion }: Past,
): Tensor {
  const repetition = tf.expandDims(penalties.repetitionPenalty, 1)
  const repeated = tf.where(tf.greater(logits, 0), tf.div(logits, repetition), tf.mul(logits, repetition))
  const kept = tf.where(tf.greater(tf.add(prompt, completion), 0), repeated, logits)
  return tf.sub(kept, tf.mul(completion, tf.expandDims(penalties.frequencyPenalty, 1)))
}

/** Counts of the ids of each row, (rows, V); rows without ids count nothing. */
export function tokenCounts(rows: number, ids: readonly (readonly number[])[], vocabSize: number): Float32Array {
  const counts = new Float32Array(rows * vocabSize)
  for (const [row, list] of ids.entries()) {
    for (const id of list) {
      const cell = row * vocabSize + id
      counts[cell] = (counts[cell] ?? 0) + 1
    }
  }
  return counts
}
