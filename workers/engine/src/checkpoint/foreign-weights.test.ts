import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadModel } from '../models/index.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { type TensorToWrite, writeSafetensors } from './write-safetensors.ts'

const config = {
  model_type: 'llama',
  vocab_size: 7,
  hidden_size: 4,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 16,
  tie_word_embeddings: true,
}
const embedding = 'model.embed_tokens.weight'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreign-'))
  await writeFile(join(dir, 'config.json'), JSON.stringify(config))
})
afterEach(() => rm(dir, { recursive: true }))

function tensors(): Record<string, TensorToWrite> {
  const model = loadModel(config)
  const values = model.initialize(3)
  const shaped = Object.entries(model.parameterShapes).map(([name, shape]): [string, TensorToWrite] => [
    name,
    { shape, data: values[name] as Float32Array },
  ])
  return Object.fromEntries(shaped)
}

const writeIndex = (weightMap: unknown) =>
  writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }))

describe('values', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a weight that is %s', async (value) => {
    const stored = tensors()
    stored['model.norm.weight'] = { shape: [4], data: new Float32Array([1, 1, value, 1]) }
    await writeSafetensors(join(dir, 'model.safetensors'), stored)
    await expect(readCheckpoint(dir)).rejects.toMatchObject({
      code: 'invalid_checkpoint',
      details: {
        file: join(dir, 'model.safetensors'),
        tensor: 'model.norm.weight',
        rule: `must be finite, value 2 is ${value}`,
      },
    })
  })

  it('refuses weights that are integers', async () => {
    const stored = tensors()
    stored['model.norm.weight'] = { shape: [4], data: new Int32Array([1, 1, 1, 1]) }
    await writeSafetensors(join(dir, 'model.safetensors'), stored)
    await expect(readCheckpoint(dir)).rejects.toThrow(
      '"model.norm.weight" must be one of F64, F32, F16, BF16, it is I32',
    )
  })

  it('takes a stored copy of a tied head and refuses another one', async () => {
    const stored = tensors()
    stored['lm_head.weight'] = stored[embedding] as TensorToWrite
    await writeSafetensors(join(dir, 'model.safetensors'), stored)
    expect(Object.keys((await readCheckpoint(dir)).tensors)).not.toContain('lm_head.weight')
    stored['lm_head.weight'] = { shape: [7, 4], data: new Float32Array(28) }
    await writeSafetensors(join(dir, 'model.safetensors'), stored)
    await expect(readCheckpoint(dir)).rejects.toThrow(`tensor "lm_head.weight" differs from ${embedding}`)
  })

  it('refuses a config of another size than the weights', async () => {
    await writeSafetensors(join(dir, 'model.safetensors'), tensors())
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, vocab_size: 9 }))
    await expect(readCheckpoint(dir)).rejects.toThrow(
      `"${embedding}" must have shape [9, 4] by the config, it has [7, 4]`,
    )
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: 2 }))
    await expect(readCheckpoint(dir)).rejects.toThrow('"model.layers.1.input_layernorm.weight" is missing')
  })
})

describe('files', () => {
  it.each(['../model.safetensors', '/etc/model.safetensors', '..', '.hidden.safetensors', 'a/b.safetensors', 'a.bin'])(
    'refuses the shard name %s',
    async (name) => {
      await writeIndex({ [embedding]: name })
      await expect(readCheckpoint(dir)).rejects.toMatchObject({ code: 'invalid_checkpoint' })
      await expect(readCheckpoint(dir)).rejects.toThrow('model.safetensors.index.json: ')
    },
  )

  it('refuses an index that lists nothing, or a tensor in a shard that lacks it', async () => {
    await writeIndex({})
    await expect(readCheckpoint(dir)).rejects.toThrow('lists no tensor')
    await writeSafetensors(join(dir, 'a.safetensors'), tensors())
    await writeIndex({ other: 'a.safetensors' })
    await expect(readCheckpoint(dir)).rejects.toThrow('lists tensor "other" in a.safetensors, which lacks it')
  })

  it('refuses a tensor that two shards hold', async () => {
    await writeSafetensors(join(dir, 'a.safetensors'), tensors())
    await writeSafetensors(join(dir, 'b.safetensors'), tensors())
    await writeIndex({ [embedding]: 'a.safetensors', 'model.norm.weight': 'b.safetensors' })
    await expect(readCheckpoint(dir)).rejects.toThrow('is stored twice')
  })

  it('refuses a pipe, which would never end', async () => {
    execFileSync('mkfifo', [join(dir, 'model.safetensors')])
    await expect(readCheckpoint(dir)).rejects.toThrow('model.safetensors is not a file')
  })

  it.each(['pytorch_model.bin', 'consolidated.00.pth', 'model.pt'])('says how to convert %s', async (name) => {
    await writeFile(join(dir, name), '')
    await expect(readCheckpoint(dir)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(readCheckpoint(dir)).rejects.toThrow(`${name} is a pickle file`)
    await expect(readCheckpoint(dir)).rejects.toThrow(`from_pretrained('${dir}').save_pretrained('converted')`)
  })

  it('refuses weights that are quantised in a way of their own', async () => {
    await writeFile(
      join(dir, 'config.json'),
      JSON.stringify({ ...config, quantization_config: { quant_method: 'awq' } }),
    )
    await expect(readCheckpoint(dir)).rejects.toThrow('quantization_config is not supported')
  })
})
