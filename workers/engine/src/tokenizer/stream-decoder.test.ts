import { describe, expect, test } from 'vitest'
import { createTokenizer } from './create-tokenizer.ts'
import { byteFallback, byteLevel, ownPattern } from './layouts.fixture.ts'
import type { Tokenizer } from './tokenizer.ts'

const layouts = { byteLevel, ownPattern, byteFallback }
const replacement = '\uFFFD'

function stream(tokenizer: Tokenizer, ids: readonly number[], options?: { skipSpecialTokens: boolean }): string[] {
  const decoder = tokenizer.streamDecoder(options)
  return [...ids.map((id) => decoder.push(id)), decoder.end()]
}

describe.each(Object.entries(layouts))('of %s', (_, layout) => {
  const tokenizer = createTokenizer(layout())
  const plain = (text: string) => tokenizer.encode(text, { addSpecialTokens: false })

  test.each(['the  end', '時間 🙂👩‍👩‍👧', '\uFEFFa\uFEFF', ' a', ''])('hands out whole characters of %j', (text) => {
    const pieces = stream(tokenizer, plain(text))
    expect(pieces.join('')).toBe(text)
    expect(pieces.join('|')).not.toContain(replacement)
  })

  test('hands out bytes that form no character once they cannot become one', () => {
    const ids = plain('🙂').slice(-4)
    const broken = [...plain('a'), ...ids.slice(0, 2), ...plain(replacement).slice(-3), ...ids.slice(0, 3)]
    expect(stream(tokenizer, broken).join('')).toBe(tokenizer.decode(broken))
  })

  test('keeps up with an endless run of such bytes', () => {
    const ids = plain(replacement.repeat(10_000))
    expect(stream(tokenizer, ids).join('')).toBe(tokenizer.decode(ids))
  })

  test('looks through ids without text', () => {
    const [first = -1, ...others] = plain('🙂').slice(-4)
    const ids = [
      ...plain('the'),
      first,
      ...Array.from({ length: 9 }, () => 99_999),
      ...others,
      tokenizer.eosId,
      ...plain('a'),
    ]
    expect(stream(tokenizer, ids, { skipSpecialTokens: true }).join('')).toBe(
      tokenizer.decode(ids, { skipSpecialTokens: true }),
    )
  })
})
