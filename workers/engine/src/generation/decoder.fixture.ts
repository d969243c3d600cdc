import { type Sampling, samplingSchema } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { freshParams, statesOf, tinyFamily } from '../models/families.fixture.ts'
import { addRole } from '../models/index.ts'
import { tf } from '../runtime/index.ts'
import {
  type CompiledFunction,
  type FunctionSpec,
  type Inputs,
  TracedProgram,
  type Variables,
} from '../tracing/index.ts'
import { Decoder } from './decoder.ts'
import type { Decoding } from './sequence.ts'

export const model = tinyFamily('llama', { max_position_embeddings: 1024, initializer_range: 0.4 })

export const prompt = (length: number, salt = 0) => Array.from({ length }, (_, i) => (i * 7 + salt * 5 + (i % 3)) % 20)
export const sampling = (part: Partial<Sampling> = {}): Sampling =>
  samplingSchema.parse({ temperature: 1, maxTokens: 10, ...part })
export const decoding = (part: Partial<Decoding> = {}): Decoding => ({
  prompt: prompt(5),
  sampling: sampling(),
  stopIds: [],
  seed: 5,
  index: 0,
  ...part,
})
/** Names of the functions that were called, and a failure on demand. */
export class WatchedProgram extends TracedProgram {
  calls: string[] = []
  failing = false
  readonly #decoders = new Map<number, Decoder>()

  static async start(kernels = true): Promise<WatchedProgram> {
    const program = new WatchedProgram({ kernels })
    await addRole(program, 'policy', model, model.initialize(3))
    return program
  }

  /** One a number of slots, because functions are defined once a program; it remembers nothing of earlier tests. */
  decoder(slots: number): Decoder {
    const policy = { program: this, model, role: 'policy', precision: 'fp32' } as const
    const decoder = this.#decoders.get(slots) ?? new Decoder(policy, slots)
    decoder.forget()
    this.#decoders.set(slots, decoder)
    this.calls = []
    return decoder
  }

  override define<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    body: (variables: Variables, inputs: Inputs<K>) => Record<O, Tensor>,
  ): CompiledFunction<K, O> {
    const call = super.define(name, spec, body)
    return async (feeds) => {
      if (this.failing) throw new Error('the device is gone')
      this.calls.push(name)
      return call(feeds)
    }
  }

  /** Steps that read prompts. */
  get reads(): number {
    return this.calls.filter((name) => /x(16|64|256)\/(plain|filtered)/.test(name)).length
  }

  /** Steps that write a token a sequence. */
  get writes(): number {
    return this.calls.filter((name) => /x1\/(plain|filtered)/.test(name)).length
  }
}

/** Log-probs of the whole vocabulary at each token of a completion, without a cache. */
export function forward({ prompt: before }: Decoding, ids: readonly number[], seed = 3): number[][] {
  return tf.tidy(() => {
    const params = freshParams(model, seed)
    const hidden = tf.reshape(statesOf(model, params, [...before, ...ids]), [-1, model.hiddenSize])
    const logits = tf.matMul(hidden, model.headWeight(params), false, true)
    return (tf.logSoftmax(logits).arraySync() as number[][]).slice(before.length - 1, -1)
  })
}
