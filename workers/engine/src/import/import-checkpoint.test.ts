import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts'
import { loadTokenizer } from '../tokenizer/index.ts'
import { fetchModel } from './fetch-model.ts'
import { f32, f32Tensor, type GgufFixture, ggufBytes } from './gguf/gguf.fixture.ts'
import { mainCommit, startTestHub } from './hub.fixture.ts'
import { importCheckpoint } from './import-checkpoint.ts'
import { hiddenSize, model, type TinyGguf, tinyGguf, weights } from './tiny-gguf.fixture.ts'

let root: string
let dir: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'import-'))
  dir = join(root, 'imported')
})
afterEach(() => rm(root, { recursive: true }))

async function importGguf(change: (changed: TinyGguf) => void = () => undefined) {
  const changed = tinyGguf()
  change(changed)
  const path = join(root, 'model.gguf')
  await writeFile(path, ggufBytes(changed))
  await importCheckpoint(path, dir)
}

/** Replaces metadata; undefined takes it away. */
const withMetadata = (key: string, value?: NonNullable<GgufFixture['metadata']>[number][1]) => {
  return ({ metadata }: TinyGguf) => {
    const at = metadata.findIndex(([name]) => name === key)
    metadata.splice(
      at < 0 ? metadata.length : at,
      1,
      ...(value === undefined ? [] : [[key, value] as [string, typeof value]]),
    )
  }
}

describe('a GGUF file', () => {
  it('becomes a checkpoint with the weights, sizes and tokens that it holds', async () => {
    await importGguf()
    const read = await readCheckpoint(dir)
    expect(read.tensors).toEqual(weights)
    expect(read.model.parameterShapes).toEqual(model.parameterShapes)
    expect(read.config).toMatchObject({
      rms_norm_eps: 0.00001,
      rope_parameters: { rope_theta: 10_000 },
      dtype: 'float32',
    })
    expect(read.lineage).toEqual({ format: 1, kind: 'policy', stageType: 'import', step: 0, metrics: {} })
    expect(read.generationConfig).toEqual({ bos_token_id: null, eos_token_id: [0], pad_token_id: null })
    const tokenizer = await loadTokenizer(dir)
    expect(tokenizer.encode('ab ab12<|end|>')).toEqual([5, 8, 3, 4, 0]) // digits are split one by one
    expect(tokenizer.renderChat([{ role: 'user', content: 'b' }])).toBe('b<|end|>')
    expect(tokenizer.stopIds).toEqual([0])
  })

  it('takes its tokens from scores where SentencePiece made them', async () => {
    await importGguf(({ metadata }) => {
      const change = (key: string, value: Parameters<typeof withMetadata>[1]) =>
        withMetadata(key, value)({ metadata, tensors: [] })
      change('tokenizer.ggml.model', 'llama')
      change('tokenizer.ggml.pre', undefined)
      change('tokenizer.ggml.merges', undefined)
      change('tokenizer.ggml.tokens', ['<unk>', '<s>', '</s>', '▁', 'a', 'b', 'ab', '▁ab', '<0x41>'])
      change('tokenizer.ggml.token_type', [2, 3, 3, 1, 1, 1, 1, 1, 6])
      change('tokenizer.ggml.scores', [0, 0, 0, -9, -9, -9, -1, -2, 0].map(f32) as never)
      change('tokenizer.ggml.bos_token_id', 1)
      change('tokenizer.ggml.eos_token_id', 2)
      change('tokenizer.ggml.unknown_token_id', 0)
      change('tokenizer.chat_template', undefined)
    })
    const tokenizer = await loadTokenizer(dir)
    expect(tokenizer.encode('ab bA')).toEqual([1, 7, 3, 5, 8]) // <s> ▁ab ▁ b <0x41>
    expect(tokenizer.decode([7, 3, 5, 8])).toBe('ab bA')
    // It brings no chat template: messages are plain text.
    const messages = [
      { role: 'system' as const, content: 'a' },
      { role: 'user' as const, content: 'b' },
      { role: 'assistant' as const, content: 'ab' },
    ]
    expect(tokenizer.renderChat(messages)).toBe('<s>a\n\nbab</s>')
    expect(tokenizer.renderChat(messages.slice(0, 2), { addGenerationPrompt: true })).toBe('<s>a\n\nb')
    expect(tokenizer.endOfTurnId).toBe(2)
  })

  it.each<[string, Parameters<typeof importGguf>[0], string]>([
    [
      'another architecture',
      withMetadata('general.architecture', 'rwkv'),
      'must be one of llama, qwen2, qwen3, it is "rwkv"',
    ],
    ['a missing size', withMetadata('llama.block_count'), 'block_count'],
    ['experts', withMetadata('llama.expert_count', 4), 'expert_count'],
    ['one part of several', withMetadata('split.count', 2), 'is one of 2 parts'],
    [
      'a rope that turns half a head',
      withMetadata('llama.rope.dimension_count', 2),
      'rope must turn all 4 of a head, not 2',
    ],
    [
      'sizes that contradict the weights',
      withMetadata('llama.feed_forward_length', 5),
      'must have shape [5, 8] by the config',
    ],
    [
      'more layers than it holds',
      withMetadata('llama.block_count', 2),
      '"model.layers.1.input_layernorm.weight" is missing',
    ],
    ['layers without end', withMetadata('llama.block_count', 4e9), 'a model may have 10000 layers'],
    [
      'a tensor of no use',
      ({ tensors }) => tensors.push(['extra', f32Tensor([1], new Float32Array(1))]),
      '"extra" is not a tensor',
    ],
    ['another text split', withMetadata('tokenizer.ggml.pre', 'tekken'), 'tokenizer.ggml.pre must be one of gpt-2'],
    ['another kind of tokenizer', withMetadata('tokenizer.ggml.model', 'bert'), 'must be gpt2 or llama, it is "bert"'],
    ['no end token', withMetadata('tokenizer.ggml.eos_token_id'), 'names an end token'],
    [
      'an end token beyond the vocabulary',
      withMetadata('tokenizer.ggml.eos_token_id', 9),
      'eos_token_id 9 is beyond the 9 tokens',
    ],
    ['a merge of unknown tokens', withMetadata('tokenizer.ggml.merges', ['a x']), 'merge "a x" must join two tokens'],
    [
      'a chat template that does not parse',
      withMetadata('tokenizer.chat_template', '{% for %}'),
      'chat template does not parse',
    ],
  ])('is refused with %s, and nothing is left', async (_, change, message) => {
    await expect(importGguf(change)).rejects.toThrow(message)
    expect(await readdir(root)).toEqual(['model.gguf'])
  })

  it('is refused with a weight that is not finite, and nothing is left', async () => {
    const odd = new Float32Array(hiddenSize).fill(Number.NaN)
    const change = ({ tensors }: TinyGguf) => {
      const at = tensors.findIndex(([name]) => name === 'output_norm.weight')
      tensors[at] = ['output_norm.weight', f32Tensor([hiddenSize], odd)]
    }
    await expect(importGguf(change)).rejects.toThrow('"model.norm.weight" must be finite, value 0 is NaN')
    expect(await readdir(root)).toEqual(['model.gguf'])
  })
})

describe('a folder', () => {
  it('becomes a checkpoint with the same weights and tokenizer', async () => {
    await importGguf()
    const source = join(root, 'source')
    await cp(dir, source, { recursive: true })
    await rm(join(source, 'manifest.json'))
    await writeFile(join(source, 'modeling_own.py'), 'raise')
    await importCheckpoint(source, join(root, 'again'))
    expect(await readCheckpoint(join(root, 'again'))).toEqual({
      ...(await readCheckpoint(dir)),
      model: expect.anything(),
    })
    expect((await readdir(join(root, 'again'))).sort()).toEqual((await readdir(dir)).sort())
  })

  it('comes whole out of a Hub', async () => {
    await importGguf()
    const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
    const contents = await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as const))
    const hub = await startTestHub({ 'own/tiny': { files: Object.fromEntries(contents) } })
    onTestFinished(hub.stop)
    const source = { type: 'hub', repository: 'own/tiny' } as const
    const { path, importedFrom } = await fetchModel(source, join(root, 'fetched'), { hub: { url: hub.url } })
    await importCheckpoint(path, join(root, 'again'), { importedFrom })
    const read = await readCheckpoint(join(root, 'again'))
    expect(read.tensors).toEqual(weights)
    expect(read.lineage?.importedFrom).toEqual({ type: 'hub', repository: 'own/tiny', revision: mainCommit })
  })

  it('is refused without a tokenizer, or with one that has more ids than the model', async () => {
    await importGguf()
    const source = join(root, 'source')
    await cp(dir, source, { recursive: true })
    const tokens = ['<|end|>', 'a', 'b', '1', '2', 'ab', '12', 'Ġ', 'Ġab', 'c']
    const tokenizer = { ...(await loadTokenizer(source)).files.tokenizer }
    tokenizer.model = {
      ...(tokenizer.model as object),
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    }
    await writeFile(join(source, 'tokenizer.json'), JSON.stringify(tokenizer))
    await expect(importCheckpoint(source, join(root, 'x'))).rejects.toThrow(
      'the tokenizer has 10 ids, the model only 9',
    )
    await rm(join(source, 'tokenizer.json'))
    await expect(importCheckpoint(source, join(root, 'x'))).rejects.toThrow('tokenizer.json is missing')
    expect(await readdir(root)).not.toContain('x')
  })
})

it('refuses what is no model, and says how to convert pickle files', async () => {
  await expect(importCheckpoint(join(root, 'none'), dir)).rejects.toMatchObject({ code: 'not_found' })
  await writeFile(join(root, 'model.bin'), '')
  await expect(importCheckpoint(join(root, 'model.bin'), dir)).rejects.toThrow('is a pickle file')
  await writeFile(join(root, 'model.onnx'), '')
  await expect(importCheckpoint(join(root, 'model.onnx'), dir)).rejects.toThrow('a model is a Hugging Face folder')
})
