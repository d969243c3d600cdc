import { expect, test } from 'vitest'
import { createTokenizer } from './create-tokenizer.ts'
import { byteFallback, byteLevel, splitBy } from './layouts.fixture.ts'

const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }

test.each([
  ['words', byteLevel()],
  ['the library', splitBy(bytes)],
])("takes Unicode's white space for white space: %s", (_, files) => {
  const tokenizer = createTokenizer(files)
  const [clitic] = tokenizer.encode("'s")
  expect(tokenizer.decode([clitic ?? -1])).toBe("'s")
  expect(tokenizer.encode("\u0085's")).toContain(clitic)
  expect(tokenizer.encode("\uFEFF's")).not.toContain(clitic) // punctuation: the apostrophe belongs to it
})

test("takes Unicode's numbers for digits", () => {
  const [half = -1] = createTokenizer(byteLevel()).encode('½')
  const encode = (digits: object) => createTokenizer(splitBy(digits, bytes)).encode('½½')
  expect(encode({ type: 'Digits', individual_digits: false })).toHaveLength(1)
  expect(encode({ type: 'Digits', individual_digits: true })).toEqual([half, half])
})

test('keeps byte order marks', () => {
  const tokenizer = createTokenizer(byteFallback())
  expect(tokenizer.decode(tokenizer.encode('\uFEFFa\uFEFF'))).toBe('\uFEFFa\uFEFF')
})
