import {
  type CompiledFunction,
  type FunctionSpec,
  type Inputs,
  type Output,
  type Profile,
  TracedProgram,
  type Values,
  type Variables,
} from '@temper/engine/tracing'

type Body<K extends string, O extends string> = (
  variables: Variables,
  inputs: Inputs<K>,
) => Record<O, Variables[string]>

/** A program whose calls are looked into while `watching`. */
export class ProfiledProgram extends TracedProgram {
  watching = false
  /** What the calls took while they were watched, in their order. */
  readonly calls: { name: string; profile: Profile }[] = []

  override define<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    body: Body<K, O>,
  ): CompiledFunction<K, O> {
    const call = super.define(name, spec, body)
    return (feeds) => (this.watching ? this.#watch<O>(name, feeds) : call(feeds))
  }

  async #watch<O extends string>(name: string, feeds: Record<string, Values>): Promise<Record<O, Output>> {
    const profile = await this.profile(name, feeds)
    this.calls.push({ name, profile })
    return profile.outputs
  }
}
