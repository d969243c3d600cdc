import { TemperError } from '@temper/db/contracts'
import { scoreWeight } from './head.ts'
import { uniforms } from './initialize.ts'
import type { Model } from './model.ts'

/** Low-rank adapters of a model (Hu et al., 2022): a projection by W gives x W^T + scaling · (x A^T) B^T. */
export interface Adapter {
  /** Rows of A (r, I) and columns of B (O, r). */
  rank: number
  alpha: number
  /** Scales by alpha / √rank (Kalajdzievski, 2023) instead of alpha / rank. */
  rsLora: boolean
  /** Modules by the ends of their names, as PEFT takes them; all projections unless set. */
  targets?: readonly string[]
}

export const loraA = (module: string) => `${module}.lora_A.weight`
export const loraB = (module: string) => `${module}.lora_B.weight`

export function scalingOf({ alpha, rank, rsLora }: Adapter): number {
  return alpha / (rsLora ? Math.sqrt(rank) : rank)
}

/**
 * Names of the modules that get an adapter, in the order of the layers.
 * @throws TemperError invalid_recipe for a target that no projection of the model is called
 */
export function adaptedModules(model: Model, { targets }: Adapter): string[] {
  if (!targets) return [...model.projections]
  const names = (module: string, target: string) => `.${module}`.endsWith(`.${target}`)
  const unknown = targets.filter((target) => !model.projections.some((module) => names(module, target)))
  if (unknown.length > 0) refuseTargets(model, unknown)
  return model.projections.filter((module) => targets.some((target) => names(module, target)))
}

/** What the adapted modules are called, as PEFT's `target_modules` has it. */
export function targetNames(model: Model, { targets }: Adapter): string[] {
  return targets ? [...targets] : lastNames(model.projections)
}

function lastNames(modules: readonly string[]): string[] {
  return [...new Set(modules.map((module) => module.slice(module.lastIndexOf('.') + 1)))]
}

function refuseTargets({ modelType, projections, parameterShapes }: Model, unknown: readonly string[]): never {
  const known = lastNames(projections)
  const hasExperts = Object.keys(parameterShapes).some((name) => name.includes('.experts.'))
  const experts = hasExperts ? ' (matrices of experts take none)' : ''
  const message = `lora.targets: ${unknown.join(', ')} cannot have an adapter in this ${modelType} model${experts}; expected some of ${known.join(', ')}`
  throw new TemperError('invalid_recipe', message, { details: { unknown, known } })
}

/** What adapters add to a model's parameters, by name: A and B of each module. */
export function adapterShapes(model: Model, adapter: Adapter): Record<string, number[]> {
  const { rank } = adapter
  const shapes = adaptedModules(model, adapter).flatMap((module) => {
    const [rows = 0, columns = 0] = model.parameterShapes[`${module}.weight`] ?? []
    const [outputs, inputs] = model.fanInFanOut ? [columns, rows] : [rows, columns]
    return [
      [loraA(module), [rank, inputs]],
      [loraB(module), [outputs, rank]],
    ]
  })
  return Object.fromEntries(shapes)
}

/** What is trained where a model has adapters: these, and the whole score head of a reward or value model. */
export function trainedShapes(model: Model, adapter: Adapter): Record<string, number[]> {
  const score = model.parameterShapes[scoreWeight]
  return { ...adapterShapes(model, adapter), ...(score && { [scoreWeight]: score }) }
}

/** Fresh adapters, which change nothing: A is uniform as PyTorch's linear layers are (He et al., 2015), B is 0. */
export function freshAdapter(model: Model, adapter: Adapter, seed: number): Record<string, Float32Array> {
  const tensors = Object.entries(adapterShapes(model, adapter)).map(([name, [rows = 0, columns = 0]]) => [
    name,
    name.endsWith(loraB(''))
      ? new Float32Array(rows * columns)
      : uniforms(rows * columns, seed, name, 1 / Math.sqrt(columns)),
  ])
  return Object.fromEntries(tensors)
}
