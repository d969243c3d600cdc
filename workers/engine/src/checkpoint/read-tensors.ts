import type { Model } from '../models/index.ts'
import { modelWeights, type ReadWeight } from './model-weights.ts'
import { openWeightFiles } from './weight-files.ts'

/**
 * Calls `use` with a reader of a folder's weights, and closes their files after it.
 * @throws TemperError invalid_checkpoint where weights and model do not fit, before `use` is called
 */
export async function withWeights<T>(dir: string, model: Model, use: (read: ReadWeight) => Promise<T>): Promise<T> {
  const files = await openWeightFiles(dir)
  try {
    return await use(await modelWeights(dir, files, model))
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}

/** All weights of a model as float32, by their Hugging Face name. @throws TemperError invalid_checkpoint */
export function readTensors(dir: string, model: Model): Promise<Record<string, Float32Array>> {
  return withWeights(dir, model, async (read) => {
    const tensors: Record<string, Float32Array> = {}
    for (const name of Object.keys(model.parameterShapes)) tensors[name] = await read(name)
    return tensors
  })
}
