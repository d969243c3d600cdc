import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createTokenizer, loadTokenizer } from './create-tokenizer.ts'
import { byteFallback, byteLevel } from './layouts.fixture.ts'

const fixtures = join(import.meta.dirname, '../../../../tests/parity/fixtures/tokenizers')
const texts = ['Hello, world!', '  two  spaces ', 'naïve café\n\t', '日本語 👩‍👩‍👧 🙂', '\uFEFFa\u0085', 'Ġ']

describe.each(['gpt2', 'llama3', 'qwen2', 'llama2'])('the layout of %s', async (name) => {
  const tokenizer = await loadTokenizer(join(fixtures, name))
  const leading = name === 'llama2' ? ' ' : '' // a text begins with a space that decoding takes away

  test.each(texts)('has tokens whose bytes are those of the text %j', (text) => {
    const bytes = tokenizer.encode(text, { addSpecialTokens: false }).flatMap((id) => tokenizer.bytesOf(id))
    expect(bytes).toEqual([...new TextEncoder().encode(leading + text)])
  })
})

test('has the name of a special token, and nothing for ids without a token', () => {
  const tokenizer = createTokenizer(byteLevel())
  expect(String.fromCharCode(...tokenizer.bytesOf(tokenizer.endOfTurnId))).toBe('<|end|>')
  expect(tokenizer.bytesOf(99_999)).toEqual([])
})

test('has one byte for a byte token', () => {
  const tokenizer = createTokenizer(byteFallback())
  expect(tokenizer.bytesOf(3 + 10)).toEqual([10])
})
