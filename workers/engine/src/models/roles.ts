import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Program, Storage, VariableSpec, Variables } from '../tracing/index.ts'
import { type Adapter, scalingOf, trainedShapes } from './adapter.ts'
import { scoreWeight } from './head.ts'
import { withAdapter, withDropout } from './layer.ts'
import type { Model, Params } from './model.ts'

/**
 * A program holds several models at once (policy, ref, reward, value): the weights of each are variables named
 * `role/<Hugging Face name>`. Where a role has adapters, its variables are these alone, over the weights of another.
 */
export type Role = string | AdaptedRole

export interface AdaptedRole {
  name: string
  /** Role whose weights the adapters change; several may share one, and none trains it. */
  base: string
  adapter: Adapter
  /** Of the inputs of adapters in training; `seed` is the stage's. */
  dropout?: { rate: number; seed: number }
}

/** Values of a parameter, or how they are read when their turn comes. */
export type WeightSource = Float32Array | (() => Promise<Float32Array>)

/** Variables that are a role's own: of one with adapters these, and a score head. */
export function roleNames(role: Role, model: Model): string[] {
  const [name, shapes] = isAdapted(role)
    ? [role.name, trainedShapes(model, role.adapter)]
    : [role, model.parameterShapes]
  return Object.keys(shapes).map((parameter) => `${name}/${parameter}`)
}

/** Variables that a role reads: its own, and those of its base. */
export function namesRead(role: Role, model: Model): string[] {
  return isAdapted(role) ? [...baseNames(role.base, model), ...roleNames(role, model)] : roleNames(role, model)
}

/** Weights that adapters stand over: all but a score head, which is trained beside them. */
export function baseNames(base: string, model: Model): string[] {
  return roleNames(base, model).filter((name) => name !== `${base}/${scoreWeight}`)
}

/**
 * Adds the weights of a role, or its adapters where it has some. They are read and copied some at a time, so that memory
 * holds the model and little more than its largest tensor.
 * @param storage - of weights that are not trained: `bf16` halves them, `int8` takes a quarter of what matrices need
 */
export async function addRole(
  program: Program,
  role: Role,
  model: Model,
  tensors: Record<string, WeightSource>,
  storage: Storage = 'fp32',
): Promise<void> {
  if (isAdapted(role)) return addTensors(program, role.name, trainedShapes(model, role.adapter), tensors, storage)
  return addTensors(program, role, model.parameterShapes, tensors, storage)
}

/** Adds the weights that roles with adapters share as their base. */
export async function addBase(
  program: Program,
  base: string,
  model: Model,
  tensors: Record<string, WeightSource>,
): Promise<void> {
  const { [scoreWeight]: _, ...shapes } = model.parameterShapes
  return addTensors(program, base, shapes, tensors, 'fp32')
}

async function addTensors(
  program: Program,
  role: string,
  shapes: Record<string, number[]>,
  tensors: Record<string, WeightSource>,
  storage: Storage,
): Promise<void> {
  for (const names of groupsOf(shapes)) {
    const specs: Record<string, VariableSpec> = {}
    for (const name of names) {
      const [shape = [], source] = [shapes[name], tensors[name]]
      const data = typeof source === 'function' ? await source() : source
      // What may be trained is changed in its own memory.
      const held = storageOf(shape, storage)
      specs[`${role}/${name}`] = { shape, dtype: 'float32', data, storage: held, inPlace: held === 'fp32' }
    }
    await program.addVariables(specs)
  }
}

/** Names whose values are read together: one by one takes several times as long. At most half the largest tensor's size. */
function groupsOf(shapes: Record<string, number[]>): string[][] {
  const sizes = Object.entries(shapes).map(([name, shape]) => ({ name, size: shape.reduce((a, b) => a * b, 1) }))
  const limit = sizes.reduce((most, { size }) => Math.max(most, size), 0) / 2
  const groups: string[][] = []
  let room = 0
  for (const { name, size } of sizes) {
    if (groups.length === 0 || size > room) {
      groups.push([])
      room = limit
    }
    groups.at(-1)?.push(name)
    room -= size
  }
  return groups
}

/** Vectors are small, and experts are multiplied by TensorFlow. */
function storageOf(shape: readonly number[], storage: Storage): Storage {
  return storage === 'int8' && shape.length !== 2 ? 'fp32' : storage
}

/**
 * The weights of a role by their Hugging Face name.
 * @param dropoutSeed - int32 (2), of one pass, where the role has dropout; only training has one
 */
export function paramsOf(variables: Variables, role: Role, dropoutSeed?: Tensor): Params {
  if (!isAdapted(role)) return variablesOf(variables, role)
  const { name, base, adapter, dropout } = role
  const params = withAdapter(variablesOf(variables, base), variablesOf(variables, name), scalingOf(adapter))
  return dropout && dropoutSeed ? withDropout(params, dropout.rate, dropoutSeed) : params
}

function variablesOf(variables: Variables, role: string): Params {
  const prefix = `${role}/`
  const ofRole = Object.entries(variables).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(ofRole.map(([name, variable]) => [name.slice(prefix.length), variable]))
}

export function isAdapted(role: Role): role is AdaptedRole {
  return typeof role !== 'string'
}

/** What a role's variables, and what belongs to it, are named after. */
export function nameOf(role: Role): string {
  return isAdapted(role) ? role.name : role
}
