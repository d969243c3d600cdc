import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { notBefore } from './not-before.ts'
import { traceScope } from './trace-scope.ts'

/** The part of a model that is computed twice: its input, its parameters, and what it makes of them. */
export interface Recomputed {
  x: Tensor
  params: readonly Tensor[]
  /**
   * Pure: other tensors that it uses are constants to it. The first output is what the next part reads.
   */
  run(x: Tensor, params: readonly Tensor[]): Tensor[]
}

let active = false

/** Within `body`, `recomputed` is in force if `on`; tracing is synchronous. */
export function withRecomputation<T>(on: boolean, body: () => T): T {
  const outer = active
  active = on
  try {
    return body()
  } finally {
    active = outer
  }
}

/**
 * The outputs of `run`. Within `withRecomputation` a gradient keeps the input alone, and computes the rest a second time
 * when it gets there: memory for one part at a time, at the price of one more forward pass (Chen et al., 2016). Eager
 * programs, which are there to say what is right, keep everything.
 */
export function recomputed(part: Recomputed): Tensor[] {
  const { x, params, run } = part
  if (!active || !traceScope()) return run(x, params)
  const outputs = withoutTape(() => run(x, params))
  const joined = tf.customGrad((...args: unknown[]) => {
    const save = args.at(-1) as (tensors: Tensor[]) => void
    save(args.slice(0, -1) as Tensor[])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => gradientsAgain(part, saved, dy)
    return { value: join(outputs), gradFunc }
  })(x, ...params)
  return separate(joined, outputs)
}

function gradientsAgain({ run }: Recomputed, [x, ...params]: Tensor[], dy: Tensor): Tensor[] {
  const inputs = [notBefore(x as Tensor, dy), ...params]
  const again = () => join(run(inputs[0] as Tensor, params))
  return withTapeOfItsOwn(() => {
    const { grads } = tf.engine().gradients(again, inputs, dy, true)
    return inputs.map((input, i) => grads[i] ?? tf.zerosLike(input))
  })
}

/** A function with a gradient of its own returns one tensor. */
function join(outputs: readonly Tensor[]): Tensor {
  const [only, ...more] = outputs as [Tensor, ...Tensor[]]
  return more.length === 0 ? only.clone() : tf.concat(outputs.map((output) => output.reshape([-1])))
}

function separate(joined: Tensor, outputs: readonly Tensor[]): Tensor[] {
  if (outputs.length === 1) return [joined]
  const parts = tf.split(joined, outputs.map(({ size }) => size)) // biome-ignore format: one call
  return parts.map((part, i) => part.reshape(outputs[i]?.shape ?? []))
}

/** tfjs records no gradient of what is computed inside, as inside a kernel. */
function withoutTape<T>(body: () => T): T {
  const { state } = tf.engine()
  state.kernelDepth++
  try {
    return body()
  } finally {
    state.kernelDepth--
  }
}

/** tfjs has one tape, which a gradient within the backward pass of another would throw away. */
function withTapeOfItsOwn<T>(body: () => T): T {
  const { state } = tf.engine()
  const tape = state.activeTape
  try {
    return body()
  } finally {
    state.activeTape = tape
  }
}
