import {
  type CompiledFunction,
  type FunctionSpec,
  type Inputs,
  type Output,
  type Pause,
  type PausingFunction,
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

  /** TensorFlow watches whole runs only: the paused one is left where it is, and what follows runs it from the start. */
  override definePausing<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    pause: Pause<K, NoInfer<O>>,
    body: Body<K, O>,
  ): PausingFunction<O> {
    const begin = super.definePausing(name, spec, pause, body)
    return async (feeds) => {
      const { early, finish } = await begin(feeds)
      return { early, finish: (late) => (this.watching ? this.#watch<O>(name, { ...feeds, ...late }) : finish(late)) }
    }
  }

  async #watch<O extends string>(name: string, feeds: Record<string, Values>): Promise<Record<O, Output>> {
    const profile = await this.profile(name, feeds)
    this.calls.push({ name, profile })
    return profile.outputs
  }
}
