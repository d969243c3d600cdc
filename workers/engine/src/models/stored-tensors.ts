import type { Model, StoredTensor } from './model.ts'

/** A parameter's tensors in weight files, whose values stand one after another in it. */
export function storedTensors(model: Model, parameter: string): readonly StoredTensor[] {
  return model.storedAs?.[parameter] ?? [{ name: parameter, shape: model.parameterShapes[parameter] ?? [] }]
}
