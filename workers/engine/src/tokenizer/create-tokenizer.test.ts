import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTokenizer, loadTokenizer } from './create-tokenizer.ts'
import { byteFallback, byteLevel, ownPattern } from './layouts.fixture.ts'
import { writeTokenizerFiles } from './tokenizer-files.ts'
import { trainBpe } from './train-tokenizer.ts'

async function temporaryDir() {
  const dir = await mkdtemp(join(tmpdir(), 'temper-tokenizer-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  return dir
}

test('finds the stop tokens in the chat template and the generation settings', () => {
  const { tokenizer, config } = byteLevel()
  const { eosId, endOfTurnId, stopIds } = createTokenizer({
    tokenizer,
    config: { ...config, eos_token: '<|pad|>' },
    stopIds: [2, 3],
  })
  expect(eosId).toBe(0)
  expect(endOfTurnId).toBe(1) // <|end|>, which the template writes after an answer
  expect(stopIds).toEqual([0, 1, 2, 3])
})

test.each([
  ['special_tokens_map.json', { eos_token: { content: '<|end|>' } }],
  ['generation_config.json', { eos_token_id: 1 }],
  ['config.json', { eos_token_id: 1 }],
])('finds the end token in %s where tokenizer_config.json names none', async (name, json) => {
  const { tokenizer, config } = byteLevel()
  const dir = await temporaryDir()
  await writeTokenizerFiles({ tokenizer, config: { ...config, eos_token: null } }, dir)
  await expect(loadTokenizer(dir)).rejects.toThrow('no file names an end token')
  await writeFile(join(dir, name), JSON.stringify(json))
  expect((await loadTokenizer(dir)).eosId).toBe(1)
})

describe.each(Object.entries({ byteLevel, ownPattern, byteFallback }))('the layout %s', (_, layout) => {
  const tokenizer = createTokenizer(layout())

  test('decodes nothing to nothing and ids without a token to nothing', () => {
    const [a = -1] = tokenizer.encode('a')
    expect(tokenizer.decode([])).toBe('')
    expect(tokenizer.decode([99_999, -1, 0.5, Number.NaN])).toBe('')
    expect(tokenizer.decode([99_999, a, -1])).toBe(tokenizer.decode([a]))
  })

  test('reads a lone surrogate as the replacement character', () => {
    expect(tokenizer.encode('a\uD83D b\uDE42')).toEqual(tokenizer.encode('a\uFFFD b\uFFFD'))
    expect(tokenizer.decode(tokenizer.encode('🙂'))).toBe('🙂')
  })

  test.each([
    ['one word', 'thea'],
    ['spaces', ' '],
    ['characters of four bytes', '🙂'],
    ['words', 'the end, it is 12 🙂\n'],
    ['beginnings of special tokens', '<|end|<'],
  ])('reads 100,000 characters: %s', (_, piece) => {
    const text = piece.repeat(100_000 / piece.length)
    expect(tokenizer.decode(tokenizer.encode(text, { addSpecialTokens: false }))).toBe(text)
  })
})

test('keeps spaces before punctuation, whatever the files say, as transformers does for BPE', () => {
  const { tokenizer, config } = byteLevel()
  const cleaning = createTokenizer({ tokenizer, config: { ...config, clean_up_tokenization_spaces: true } })
  expect(cleaning.decode(cleaning.encode("a , b n't"))).toBe("a , b n't")
})

test('reads vocabularies of any size', () => {
  const { tokenizer, config } = byteLevel()
  const model = tokenizer.model as { vocab: Record<string, number> }
  const first = Object.keys(model.vocab).length
  const more = Array.from({ length: 260_000 }, (_, i) => [`token ${i}`, first + i])
  const vocab = { ...model.vocab, ...Object.fromEntries(more) }
  const { vocabSize } = createTokenizer({ tokenizer: { ...tokenizer, model: { ...model, vocab } }, config })
  expect(vocabSize).toBe(first + 260_000)
})

test('written files load again as the same tokenizer', async () => {
  const dir = await temporaryDir()
  const trained = createTokenizer(trainBpe(['the cat sat on the mat, the cat sat'], { vocabSize: 270 }))
  await writeTokenizerFiles(trained.files, dir)
  const loaded = await loadTokenizer(dir)
  expect(loaded.encode('the cat naïve 🙂')).toEqual(trained.encode('the cat naïve 🙂'))
  expect(loaded.renderChat([{ role: 'user', content: 'Hi' }], { addGenerationPrompt: true })).toBe(
    '<|user|>Hi<|end|><|assistant|>',
  )
})

test('a template file beside the configuration wins', async () => {
  const dir = await temporaryDir()
  await writeTokenizerFiles(trainBpe([], { vocabSize: 261 }), dir)
  await writeFile(join(dir, 'chat_template.jinja'), '{{ messages[0].content }}!')
  const tokenizer = await loadTokenizer(dir)
  expect(tokenizer.renderChat([{ role: 'user', content: 'Hi' }])).toBe('Hi!')
})

test('names the missing file', async () => {
  const dir = await temporaryDir()
  await expect(loadTokenizer(dir)).rejects.toMatchObject({
    code: 'invalid_checkpoint',
    message: `${join(dir, 'tokenizer.json')} is missing`,
  })
})

test.each([
  ['tokenizer.json', '[]', 'tokenizer.json is not a JSON object'],
  ['tokenizer.json', '{}', 'tokenizer.json cannot be used'],
  ['tokenizer_config.json', '{"chat_template": 1}', 'tokenizer_config.json: '],
  ['generation_config.json', '{', 'generation_config.json is not a JSON object'],
  ['generation_config.json', '{"eos_token_id": "2"}', 'generation_config.json: '],
])('names %s where it is %j', async (name, content, message) => {
  const dir = await temporaryDir()
  await writeTokenizerFiles(byteLevel(), dir)
  await writeFile(join(dir, name), content)
  await expect(loadTokenizer(dir)).rejects.toMatchObject({
    code: 'invalid_checkpoint',
    message: expect.stringContaining(message),
  })
})

test('of several templates, takes the default', () => {
  const { tokenizer, config } = byteLevel()
  const named = (name: string) => ({ name, template: name })
  const templates = { ...config, chat_template: [named('tool_use'), named('default')] }
  expect(createTokenizer({ tokenizer, config: templates }).renderChat([])).toBe('default')
})

test('a template sees no tools and no documents', () => {
  const { tokenizer, config } = byteLevel()
  const template = '{{ tools is none and documents is none }}'
  expect(createTokenizer({ tokenizer, config: { ...config, chat_template: template } }).renderChat([])).toBe('true')
})

test('refuses conversations without a chat template', () => {
  const { tokenizer, config } = byteLevel()
  const { renderChat } = createTokenizer({ tokenizer, config: { ...config, chat_template: undefined } })
  expect(() => renderChat([{ role: 'user', content: 'Hi' }])).toThrow('no chat template')
})

test('passes on why a template refuses messages', () => {
  const { tokenizer, config } = trainBpe([], { vocabSize: 261 })
  const template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system messages') }}{% endif %}"
  const strict = createTokenizer({ tokenizer, config: { ...config, chat_template: template } })
  expect(() => strict.renderChat([{ role: 'system', content: 'x' }])).toThrow('no system messages')
})

test('refuses text with a byte that the files have no token for', () => {
  const { tokenizer, config } = trainBpe([], { vocabSize: 261 })
  const { c: _, ...vocab } = (tokenizer.model as { vocab: Record<string, number> }).vocab
  const incomplete = createTokenizer({
    tokenizer: { ...tokenizer, model: { ...(tokenizer.model as object), vocab } },
    config,
  })
  expect(incomplete.encode('abba')).toHaveLength(4)
  expect(() => incomplete.encode('cab')).toThrow('"cab"')
})
