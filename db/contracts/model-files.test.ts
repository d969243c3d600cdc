import { expect, it } from 'vitest'
import { parseModelSource, selectModelFiles } from './index.ts'

const select = (names: string[], index?: object, config: object = { model_type: 'llama' }) =>
  selectModelFiles('place', names, async (name) => JSON.stringify(name === 'config.json' ? config : index))
const small = ['config.json', 'tokenizer.json', 'tokenizer_config.json']

it('takes config, tokenizer and weights, and leaves the rest', async () => {
  const others = ['README.md', 'training_args.bin', 'consolidated.safetensors', 'model-q4.gguf']
  expect(await select([...others, ...small, 'model.safetensors'])).toEqual([...small, 'model.safetensors'])
})

it('takes the shards that the index names', async () => {
  const names = [...small, 'model.safetensors.index.json', 'a.safetensors', 'b.safetensors', 'c.safetensors']
  const weight_map = { x: 'b.safetensors', y: 'a.safetensors', z: 'b.safetensors' }
  expect(await select(names, { weight_map })).toEqual([
    ...small,
    'model.safetensors.index.json',
    'a.safetensors',
    'b.safetensors',
  ])
  await expect(select(names, { weight_map: { x: 'd.safetensors' } })).rejects.toThrow('place has no d.safetensors')
  await expect(select(names, { weight_map: { x: '../a.safetensors' } })).rejects.toThrow('is not as expected')
  await expect(select(names)).rejects.toThrow('is not as expected')
})

it('refuses what no weights would make usable before they are brought', async () => {
  const refusal = (config: object, names = small) =>
    expect(select([...names, 'model.safetensors'], undefined, config)).rejects
  await refusal({ model_type: 'gemma2' }).toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('model_type must be one of gpt2, llama,'),
  })
  await refusal({ model_type: 'llama', quantization_config: {} }).toThrow('bring the weights in fp32')
  await refusal([]).toThrow('place: config.json is not a JSON object')
  const sentencePiece = ['config.json', 'tokenizer.model', 'tokenizer_config.json']
  await refusal({ model_type: 'llama' }, sentencePiece).toThrow(
    'place has no tokenizer.json. transformers writes it: python -c',
  )
})

it('takes one GGUF file where there is no config', async () => {
  expect(await select(['README.md', 'q4.gguf'])).toEqual(['q4.gguf'])
  await expect(select(['a.gguf', 'b.gguf'])).rejects.toThrow('place has 2 GGUF files; name one: a.gguf, b.gguf')
  await expect(select(['README.md'])).rejects.toThrow('place has no config.json')
})

it('refuses pickle files, and says how to convert them', async () => {
  await expect(select([...small, 'pytorch_model.bin'])).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining("from_pretrained('place').save_pretrained('converted')"),
  })
  await expect(select(['model.pt'])).rejects.toThrow('model.pt is a pickle file')
})

it('understands repositories, files in them and short names', () => {
  expect(parseModelSource('own/model', 'v1')).toEqual({ type: 'hub', repository: 'own/model', revision: 'v1' })
  expect(parseModelSource('own/model/deep/q4.gguf')).toEqual({
    type: 'hub',
    repository: 'own/model',
    file: 'deep/q4.gguf',
  })
  expect(parseModelSource('smollm2-135m-instruct')).toEqual({ type: 'builtin', name: 'smollm2-135m-instruct' })
  for (const text of ['model', '../model', 'own/model/q4.bin', 'own/..', '/own/model', 'own/model/../x.gguf', '']) {
    expect([text, parseModelSource(text)]).toEqual([text, undefined])
  }
  expect(parseModelSource('own/model', '../main')).toBeUndefined()
})
