import { type Model, storedTensors } from '../models/index.ts'
import type { StoredDtype } from './dtypes.ts'
import { refuseTensor } from './refuse-tensor.ts'

/** Weights in one file, read tensor by tensor: safetensors, or another format under the same names and shapes. */
export interface WeightFile {
  readonly path: string
  readonly tensors: ReadonlyMap<string, { dtype: StoredDtype; shape: readonly number[] }>
  /** Values as float32, whatever they are stored as. */
  float32(name: string): Promise<Float32Array>
  close(): Promise<void>
}

/** Reads one parameter by its Hugging Face name. @throws TemperError invalid_checkpoint where a value is not finite */
export type ReadWeight = (name: string) => Promise<Float32Array>

/** Buffers that older files carry and that follow from the config: causal masks and rotary frequencies. */
const knownBuffers = /(\.attn\.(bias|masked_bias)|\.rotary_emb\.inv_freq)$/
const floats: readonly StoredDtype[] = ['F64', 'F32', 'F16', 'BF16']

/**
 * Finds every parameter of a model in weight files, and how to read each.
 * @param where - folder or file that is named where a tensor is missing
 * @throws TemperError invalid_checkpoint for a missing, unknown, wrongly shaped or integer tensor, and for a stored
 * head that is not the embedding in a model that ties them
 */
export async function modelWeights(where: string, files: readonly WeightFile[], model: Model): Promise<ReadWeight> {
  const shapes = storedShapes(model)
  const places = locate(files, model, shapes)
  for (const [name, shape] of shapes) checkPlace(where, name, shape, places.get(name))
  const readStored: ReadWeight = async (name) => {
    const { file, storedName } = places.get(name) ?? refuseTensor(where, name, 'is not a tensor of this model')
    const values = await file.float32(storedName)
    const odd = firstNonFinite(values)
    if (odd >= 0) refuseTensor(file.path, storedName, `must be finite, value ${odd} is ${values[odd]}`)
    return values
  }
  const read: ReadWeight = (name) => readParameter(model, name, readStored)
  await checkTiedHead(files, model, read)
  return read
}

/** Every tensor that the files of a model must hold. */
function storedShapes(model: Model): Shapes {
  const tensors = Object.keys(model.parameterShapes).flatMap((name) => storedTensors(model, name))
  return new Map(tensors.map(({ name, shape }) => [name, shape]))
}

async function readParameter(model: Model, name: string, readStored: ReadWeight): Promise<Float32Array> {
  const [only, ...more] = storedTensors(model, name)
  if (only && more.length === 0) return readStored(only.name)
  const shape = model.parameterShapes[name] ?? []
  const values = new Float32Array(shape.reduce((product, axis) => product * axis, 1))
  let offset = 0
  for (const part of storedTensors(model, name)) {
    const stored = await readStored(part.name)
    values.set(stored, offset)
    offset += stored.length
  }
  return values
}

/** A plain loop: `findIndex` takes seconds for a large model. */
function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i
  return -1
}

interface Place {
  file: WeightFile
  storedName: string
}

type Shapes = ReadonlyMap<string, readonly number[]>

/** Where each tensor is stored; refuses tensors that the model has no use for. */
function locate(files: readonly WeightFile[], model: Model, shapes: Shapes): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const file of files) {
    for (const storedName of file.tensors.keys()) {
      // Some files name the tensors of the body without the prefix of the whole model.
      const name = [storedName, model.basePrefix + storedName].find((known) => shapes.has(known))
      if (name !== undefined) {
        if (places.has(name)) refuseTensor(file.path, storedName, 'is stored twice')
        places.set(name, { file, storedName })
      } else if (!isTiedHead(storedName, model) && !knownBuffers.test(storedName)) {
        refuseTensor(file.path, storedName, `is not a tensor of this ${model.modelType} model`)
      }
    }
  }
  return places
}

function checkPlace(where: string, name: string, shape: readonly number[], place: Place | undefined): void {
  if (!place) refuseTensor(where, name, `is missing: the config asks for [${shape.join(', ')}]`)
  const stored = place.file.tensors.get(place.storedName)
  if (stored?.shape.join() !== shape.join()) {
    const rule = `must have shape [${shape.join(', ')}] by the config, it has [${stored?.shape.join(', ')}]`
    refuseTensor(place.file.path, name, rule)
  }
  if (!floats.includes(stored.dtype)) {
    refuseTensor(place.file.path, name, `must be one of ${floats.join(', ')}, it is ${stored.dtype}`)
  }
}

function isTiedHead(storedName: string, model: Model): boolean {
  const known = Object.hasOwn(model.parameterShapes, storedName)
  return storedName === 'lm_head.weight' && model.head === 'language' && !known
}

/** A config that ties the head while the file holds another one contradicts its weights: one of both is wrong. */
async function checkTiedHead(files: readonly WeightFile[], model: Model, read: ReadWeight): Promise<void> {
  const file = files.find(({ tensors }) => tensors.has('lm_head.weight'))
  if (!file || !isTiedHead('lm_head.weight', model)) return
  const size = [model.vocabSize, model.hiddenSize].join()
  const embedding = Object.keys(model.parameterShapes).find((name) => model.parameterShapes[name]?.join() === size)
  const head = await file.float32('lm_head.weight')
  const values = embedding === undefined ? new Float32Array() : await read(embedding)
  if (head.length === values.length && head.every((value, i) => value === values[i])) return
  const rule = `differs from ${embedding}, to which tie_word_embeddings of config.json ties it`
  refuseTensor(file.path, 'lm_head.weight', rule)
}
