import { TemperError } from '@temper/db/contracts'
import type { Model } from '../models/index.ts'
import { openWeights } from './folder-files.ts'
import type { SafetensorsFile } from './safetensors-file.ts'

/** Buffers that older files carry and that follow from the config: causal masks and rotary frequencies. */
const knownBuffers = /(\.attn\.(bias|masked_bias)|\.rotary_emb\.inv_freq)$/

/**
 * All weights of a model as float32, by their Hugging Face name, read tensor by tensor.
 * @throws TemperError invalid_checkpoint for a missing, unknown or wrongly shaped tensor
 */
export async function readTensors(dir: string, model: Model): Promise<Record<string, Float32Array>> {
  const files = await openWeights(dir)
  try {
    const places = locate(files, model)
    const tensors: Record<string, Float32Array> = {}
    for (const [name, shape] of Object.entries(model.parameterShapes)) {
      const place = places.get(name)
      if (!place) refuse(dir, name, `is missing: the config asks for [${shape.join(', ')}]`)
      const stored = place.file.tensors.get(place.storedName)?.shape ?? []
      if (stored.join() !== shape.join()) {
        refuse(
          place.file.path,
          name,
          `must have shape [${shape.join(', ')}] by the config, it has [${stored.join(', ')}]`,
        )
      }
      tensors[name] = await place.file.float32(place.storedName)
    }
    return tensors
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}

interface Place {
  file: SafetensorsFile
  storedName: string
}

/** Where each parameter is stored; refuses tensors that the model has no use for. */
function locate(files: SafetensorsFile[], model: Model): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const file of files) {
    for (const storedName of file.tensors.keys()) {
      const name = parameterName(storedName, model)
      if (name !== undefined) {
        if (places.has(name)) refuse(file.path, storedName, 'is stored twice')
        places.set(name, { file, storedName })
      } else if (!isRedundant(storedName, model)) {
        refuse(file.path, storedName, `is not a tensor of this ${model.modelType} model`)
      }
    }
  }
  return places
}

/** Some files name the tensors of the body without the prefix of the whole model. */
function parameterName(storedName: string, model: Model): string | undefined {
  return [storedName, model.basePrefix + storedName].find((name) => Object.hasOwn(model.parameterShapes, name))
}

/** A tied head is the embedding; transformers ties it too, whatever the file says. */
function isRedundant(storedName: string, model: Model): boolean {
  const tiedHead = storedName === 'lm_head.weight' && model.head === 'language'
  return tiedHead || knownBuffers.test(storedName)
}

function refuse(file: string, tensor: string, rule: string): never {
  throw new TemperError('invalid_checkpoint', `${file}: tensor "${tensor}" ${rule}`, {
    details: { file, tensor, rule },
  })
}
