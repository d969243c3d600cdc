import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lineage, modelSchema } from '@temper/db/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Model, modelFromSpec, scoreHeadTensors, withScoreHead } from '../models/index.ts'
import { readManifest, verifyCheckpoint } from './manifest.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { readResumeState } from './resume-state.ts'
import { removeUnfinished, writeCheckpoint } from './write-checkpoint.ts'
import { writeSafetensors } from './write-safetensors.ts'

const lineage: Lineage = { format: 1, kind: 'policy', stageType: 'sft', step: 3, metrics: { loss: 1.5 } }
let root: string
let dir: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'checkpoint-'))
  dir = join(root, 'step-3')
})
afterEach(() => rm(root, { recursive: true }))

function tinyModel(architecture: 'llama' | 'gpt2', tieWordEmbeddings = true): Model {
  const tokenizer = { type: 'bpe', data: 'stories' }
  const spec = modelSchema.parse({ architecture, hiddenSize: 8, nLayer: 1, nHead: 2, tieWordEmbeddings, tokenizer })
  if (!('architecture' in spec)) throw new Error('expected a new model')
  return modelFromSpec(spec, 11, { eosId: 1, padId: 0 })
}

/** Stores tensors under other names or shapes than the model has. */
async function storeAs(
  model: Model,
  change: (tensors: Record<string, { shape: number[]; data: Float32Array }>) => void,
) {
  const tensors = model.initialize(1)
  await writeCheckpoint(dir, { model, tensors, lineage, generationConfig: {} })
  const stored = Object.fromEntries(
    Object.entries(model.parameterShapes).map(([name, shape]) => [
      name,
      { shape, data: tensors[name] as Float32Array },
    ]),
  )
  change(stored)
  await writeSafetensors(join(dir, 'model.safetensors'), stored)
}

describe('removeUnfinished', () => {
  it('removes what killed processes were writing or replacing, and nothing else', async () => {
    await writeCheckpoint(dir, {
      model: tinyModel('llama'),
      tensors: tinyModel('llama').initialize(7),
      lineage,
      generationConfig: {},
    })
    for (const name of ['step-6.17.tmp', 'step-4.18.tmp.old', 'tokenizer']) await mkdir(join(root, name))
    await writeFile(join(root, 'step-6.17.tmp', 'config.json'), '{')
    await removeUnfinished(root)
    expect(await readdir(root)).toEqual(['step-3', 'tokenizer'])
  })

  it('takes a folder that does not exist yet', async () => {
    await expect(removeUnfinished(join(root, 'none'))).resolves.toBeUndefined()
  })
})

describe('writeCheckpoint', () => {
  it.each(['llama', 'gpt2'] as const)('gives back a %s policy bit for bit', async (architecture) => {
    const model = tinyModel(architecture, false)
    const tensors = model.initialize(7)
    await writeCheckpoint(dir, { model, tensors, lineage, generationConfig: { eos_token_id: 1 } })
    const read = await readCheckpoint(dir)
    expect(read.tensors).toEqual(tensors)
    expect(read.lineage).toEqual(lineage)
    expect(read.generationConfig).toEqual({ eos_token_id: 1 })
    expect(read.model.parameterShapes).toEqual(model.parameterShapes)
    expect(await readdir(root)).toEqual(['step-3'])
  })

  it.each(['llama', 'gpt2'] as const)(
    'stores a %s reward model as a classifier with one label',
    async (architecture) => {
      const policy = tinyModel(architecture, false)
      const model = withScoreHead(policy)
      const tensors = scoreHeadTensors(policy, policy.initialize(7), { seed: 3 })
      await writeCheckpoint(dir, { model, tensors, lineage: { ...lineage, kind: 'reward' }, generationConfig: {} })
      const read = await readCheckpoint(dir)
      expect(read.model.head).toBe('score')
      expect(read.tensors).toEqual(tensors)
      expect(read.tensors['score.weight']).toHaveLength(8)
      expect(Object.keys(read.tensors)).not.toContain('lm_head.weight')
      expect(read.config.architectures).toEqual([
        architecture === 'llama' ? 'LlamaForSequenceClassification' : 'GPT2ForSequenceClassification',
      ])
    },
  )

  it('replaces a checkpoint of the same name and copies tokenizer files', async () => {
    const model = tinyModel('llama')
    await writeCheckpoint(dir, { model, tensors: model.initialize(1), lineage, generationConfig: {} })
    const tokenizerDir = join(root, 'tokenizer')
    await cp(dir, tokenizerDir, { recursive: true })
    await writeFile(join(tokenizerDir, 'tokenizer.json'), '{}')
    const tensors = model.initialize(2)
    await writeCheckpoint(dir, { model, tensors, lineage, generationConfig: {}, tokenizerDir })
    expect((await readCheckpoint(dir)).tensors).toEqual(tensors)
    expect(await readFile(join(dir, 'tokenizer.json'), 'utf8')).toBe('{}')
    expect((await readdir(root)).sort()).toEqual(['step-3', 'tokenizer'])
  })

  it('leaves nothing behind when the tensors do not fit the model', async () => {
    const model = tinyModel('llama')
    const { 'model.norm.weight': _, ...tensors } = model.initialize(1)
    const write = writeCheckpoint(dir, { model, tensors, lineage, generationConfig: {} })
    await expect(write).rejects.toThrow('no values of parameter model.norm.weight')
    expect(await readdir(root)).toEqual([])
  })

  it('rounds weights to bfloat16 where asked', async () => {
    const model = tinyModel('llama')
    const tensors = model.initialize(1)
    await writeCheckpoint(dir, { model, tensors, lineage, generationConfig: {}, dtype: 'bfloat16' })
    const [stored = 0] = (await readCheckpoint(dir)).tensors['model.embed_tokens.weight'] ?? []
    const [given = 0] = tensors['model.embed_tokens.weight'] ?? []
    expect(stored).not.toBe(given)
    expect(Math.abs(stored - given)).toBeLessThanOrEqual(Math.abs(given) / 256)
  })
})

describe('resume part', () => {
  it('gives back moments and state exactly', async () => {
    const model = tinyModel('llama')
    const tensors = {
      'adam/m/w': { shape: [2, 2], data: new Float32Array([0.1, 1e-38, -3, 0]) },
      cursor: { shape: [3], data: new Int32Array([2 ** 31 - 1, -1, 5]) },
    }
    const state = { step: 12, klCoef: 0.1 + 0.2, order: ['b', 'a'], nested: { none: null } }
    const resume = { tensors, state }
    await writeCheckpoint(dir, { model, tensors: model.initialize(1), lineage, generationConfig: {}, resume })
    expect(await readResumeState(dir)).toEqual(resume)
    const paths = (await readManifest(dir)).files.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(['resume/state.json', 'resume/state.safetensors']))
  })

  it('refuses numbers that JSON cannot hold, and a checkpoint without one', async () => {
    const model = tinyModel('llama')
    const resume = { tensors: {}, state: { scale: Number.NaN } }
    const write = writeCheckpoint(dir, { model, tensors: model.initialize(1), lineage, generationConfig: {}, resume })
    await expect(write).rejects.toThrow('resume state "scale" is NaN')
    await expect(readResumeState(dir)).rejects.toMatchObject({ code: 'invalid_checkpoint' })
  })
})

describe('verifyCheckpoint', () => {
  it('accepts what was written and names a file that changed or is gone', async () => {
    const model = tinyModel('llama')
    await writeCheckpoint(dir, { model, tensors: model.initialize(1), lineage, generationConfig: {} })
    await verifyCheckpoint(dir)
    const config = await readFile(join(dir, 'config.json'), 'utf8')
    await writeFile(join(dir, 'config.json'), config.replace('llama', 'lлama'))
    await expect(verifyCheckpoint(dir)).rejects.toThrow('config.json has')
    await writeFile(join(dir, 'config.json'), config.replace('llama', 'lamal'))
    await expect(verifyCheckpoint(dir)).rejects.toThrow('config.json has sha256')
    await rm(join(dir, 'config.json'))
    await expect(verifyCheckpoint(dir)).rejects.toThrow('missing')
    await rm(join(dir, 'manifest.json'))
    await expect(verifyCheckpoint(dir)).rejects.toThrow('manifest.json cannot be read')
  })
})

describe('readCheckpoint', () => {
  it('reads names without the prefix, and passes over causal masks and a tied head', async () => {
    const model = tinyModel('gpt2')
    await storeAs(model, (tensors) => {
      for (const [name, tensor] of Object.entries(tensors)) {
        delete tensors[name]
        tensors[name.replace('transformer.', '')] = tensor
      }
      tensors['h.0.attn.bias'] = { shape: [1], data: new Float32Array(1) }
      tensors['lm_head.weight'] = { ...(tensors['wte.weight'] as { shape: number[]; data: Float32Array }) }
    })
    expect((await readCheckpoint(dir)).tensors).toEqual(model.initialize(1))
  })

  it('reads weights in several files', async () => {
    const model = tinyModel('llama')
    const tensors = model.initialize(1)
    await writeCheckpoint(dir, { model, tensors, lineage, generationConfig: {} })
    await rm(join(dir, 'model.safetensors'))
    const weightMap: Record<string, string> = {}
    for (const [i, name] of Object.keys(tensors).entries()) {
      const file = `model-${i}.safetensors`
      weightMap[name] = file
      const data = tensors[name] as Float32Array
      await writeSafetensors(join(dir, file), { [name]: { shape: model.parameterShapes[name] ?? [], data } })
    }
    await writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: weightMap }))
    expect((await readCheckpoint(dir)).tensors).toEqual(tensors)

    await rm(join(dir, 'model-0.safetensors'))
    await expect(readCheckpoint(dir)).rejects.toThrow('model-0.safetensors cannot be opened')
    await writeFile(join(dir, 'model.safetensors.index.json'), '{"weight_map": {"w": "../other"}}')
    await expect(readCheckpoint(dir)).rejects.toMatchObject({ code: 'invalid_checkpoint' })
  })

  it('refuses a missing tensor, an unknown one and another shape, by name', async () => {
    const model = tinyModel('llama')
    await storeAs(model, (tensors) => delete tensors['model.norm.weight'])
    await expect(readCheckpoint(dir)).rejects.toThrow('tensor "model.norm.weight" is missing: the config asks for [8]')
    await storeAs(model, (tensors) => {
      tensors.extra = { shape: [1], data: new Float32Array(1) }
    })
    await expect(readCheckpoint(dir)).rejects.toThrow('tensor "extra" is not a tensor of this llama model')
    await storeAs(model, (tensors) => {
      tensors['model.norm.weight'] = { shape: [4], data: new Float32Array(4) }
    })
    await expect(readCheckpoint(dir)).rejects.toThrow('must have shape [8] by the config, it has [4]')
  })

  it('refuses a folder that is no checkpoint and an architecture it does not know', async () => {
    await expect(readCheckpoint(join(root, 'none'))).rejects.toMatchObject({ code: 'not_found' })
    const model = tinyModel('llama')
    await writeCheckpoint(dir, { model, tensors: model.initialize(1), lineage, generationConfig: {} })
    await writeFile(join(dir, 'config.json'), '{"model_type": "rwkv"}')
    await expect(readCheckpoint(dir)).rejects.toThrow(/model_type must be one of gpt2, llama.*, it is "rwkv"/)
  })
})
