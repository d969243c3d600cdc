import type { AdapterFiles } from '../checkpoint/index.ts'
import {
  type AdaptedRole,
  adaptedModules,
  baseNames,
  isAdapted,
  type Model,
  mergedWeights,
  nameOf,
  paramsOf,
  type Role,
  roleNames,
} from '../models/index.ts'
import type { CompiledFunction, Program } from '../tracing/index.ts'

type Weights = Record<string, Float32Array>

/** Reads a role's weights for its checkpoints. */
export class SavedWeights {
  readonly #program: Program
  readonly #model: Model
  readonly #role: Role
  #merge: CompiledFunction<never, string> | undefined

  constructor(program: Program, model: Model, role: Role) {
    this.#program = program
    this.#model = model
    this.#role = role
  }

  /** Every parameter of the model, with adapters added in; and apart what the role holds itself where it has some. */
  async read(): Promise<{ tensors: Weights; adapter?: AdapterFiles & { dropout: number } }> {
    const role = this.#role
    const own = await this.#read(nameOf(role), roleNames(role, this.#model))
    if (!isAdapted(role)) return { tensors: own }
    const adapter = { adapter: role.adapter, dropout: role.dropout?.rate ?? 0, tensors: own }
    return { tensors: await this.#merged(role, own), adapter }
  }

  async #merged(role: AdaptedRole, own: Weights): Promise<Weights> {
    const model = this.#model
    const adapted = new Set(adaptedModules(model, role.adapter).map((module) => `${role.base}/${module}.weight`))
    const frozen = baseNames(role.base, model).filter((name) => !adapted.has(name))
    this.#merge ??= this.#program.define(`${role.name}/merged`, { inputs: {} }, (variables) =>
      mergedWeights(paramsOf(variables, role), model, role.adapter),
    )
    const merged = Object.entries(await this.#merge({})).map(([name, { data }]) => [name, data as Float32Array])
    const trained = Object.entries(own).filter(([name]) => Object.hasOwn(model.parameterShapes, name))
    return { ...(await this.#read(role.base, frozen)), ...Object.fromEntries([...trained, ...merged]) }
  }

  async #read(role: string, names: readonly string[]): Promise<Weights> {
    const values = await this.#program.read(names)
    return Object.fromEntries(
      Object.entries(values).map(([name, data]) => [name.slice(role.length + 1), data as Float32Array]),
    )
  }
}
