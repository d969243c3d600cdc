import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { CompiledFunction, Inputs, Output, Precision, Program, Variables } from '../tracing/index.ts'
import { type Feeds, feedData, inputsOf, shapeKey } from './feeds.ts'

/** A function without gradients that is traced anew for each new shape of its feeds. */
export class ForwardFunction<O extends string> {
  readonly #program: Program
  readonly #name: string
  readonly #body: (variables: Variables, inputs: Inputs<string>) => Record<O, Tensor>
  readonly #precision: Precision
  readonly #functions = new Map<string, CompiledFunction<string, O>>()

  constructor(
    program: Program,
    name: string,
    precision: Precision,
    body: (variables: Variables, inputs: Inputs<string>) => Record<O, Tensor>,
  ) {
    this.#program = program
    this.#name = name
    this.#precision = precision
    this.#body = body
  }

  run(feeds: Feeds): Promise<Record<O, Output>> {
    const key = shapeKey(feeds)
    let compiled = this.#functions.get(key)
    if (!compiled) {
      const spec = { inputs: inputsOf(feeds), precision: this.#precision }
      compiled = this.#program.define(`${this.#name}/${key}`, spec, this.#body)
      this.#functions.set(key, compiled)
    }
    return compiled(feedData(feeds))
  }
}
