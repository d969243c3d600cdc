import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTokenizer, loadTokenizer } from './create-tokenizer.ts'
import { writeTokenizerFiles } from './tokenizer-files.ts'
import { trainBpe } from './train-tokenizer.ts'

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)

async function temporaryDir() {
  const dir = await mkdtemp(join(tmpdir(), 'temper-tokenizer-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  return dir
}

interface Cases {
  cases: { text: string; ids: number[]; ids_plain: number[]; decoded: string; decoded_no_special: string }[]
  chats: { messages: []; add_generation_prompt: boolean; text: string; ids: number[] }[]
}

describe.each(['gpt2', 'llama3'])('the %s layout', async (name) => {
  const tokenizer = await loadTokenizer(fixture(name))
  const { cases, chats }: Cases = JSON.parse(await readFile(join(fixture(name), 'cases.json'), 'utf8'))

  test('gives the ids and texts of the reference library', () => {
    for (const { text, ids, ids_plain, decoded, decoded_no_special } of cases) {
      expect(tokenizer.encode(text)).toEqual(ids)
      expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids_plain)
      expect(tokenizer.decode(ids_plain)).toBe(decoded)
      expect(tokenizer.decode(ids_plain, { skipSpecialTokens: true })).toBe(decoded_no_special)
    }
    expect(cases.length).toBeGreaterThan(30)
  })

  test('streams the same text, character by whole character', () => {
    for (const { ids_plain, decoded } of cases) {
      const decoder = tokenizer.streamDecoder()
      const pieces = [...ids_plain.map((id) => decoder.push(id)), decoder.end()]
      expect(pieces.join('')).toBe(decoded)
      expect(pieces.join('|')).not.toContain('\uFFFD')
    }
  })

  test('renders chats as the reference library does', () => {
    for (const { messages, add_generation_prompt: addGenerationPrompt, text, ids } of chats) {
      const rendered = tokenizer.renderChat(messages, { addGenerationPrompt })
      expect(rendered).toBe(text)
      expect(tokenizer.encode(rendered, { addSpecialTokens: false })).toEqual(ids)
    }
  })
})

test('finds the stop tokens in the chat template and the generation settings', async () => {
  const { files } = await loadTokenizer(fixture('llama3'))
  const config = { ...files.config, eos_token: '<|end_of_text|>' }
  const tokenizer = createTokenizer({ ...files, config, stopIds: [1, 2] })
  expect(tokenizer.eosId).toBe(1)
  expect(tokenizer.endOfTurnId).toBe(4) // <|eot_id|>, which the template writes after an answer
  expect(tokenizer.stopIds).toEqual([1, 4, 2])
})

test('decodes nothing to nothing and ids without a token to nothing', async () => {
  const tokenizer = await loadTokenizer(fixture('gpt2'))
  expect(tokenizer.decode([])).toBe('')
  expect(tokenizer.decode([99_999, 40, -1])).toBe(tokenizer.decode([40]))
})

test('reads a lone surrogate as the replacement character', async () => {
  const tokenizer = await loadTokenizer(fixture('gpt2'))
  expect(tokenizer.encode('a\uD83D b')).toEqual(tokenizer.encode('a\uFFFD b'))
  expect(tokenizer.encode('🙂')).not.toEqual(tokenizer.encode('\uFFFD'))
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

test('refuses conversations without a chat template', async () => {
  const tokenizer = await loadTokenizer(fixture('gpt2'))
  expect(() => tokenizer.renderChat([{ role: 'user', content: 'Hi' }])).toThrow('no chat template')
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
