import { expect, test } from 'vitest'
import { createTokenizer } from './create-tokenizer.ts'
import { trainBpe } from './train-tokenizer.ts'

const mergesOf = (texts: string[], vocabSize: number) =>
  (trainBpe(texts, { vocabSize, specialTokens: [] }).tokenizer.model as { merges: [string, string][] }).merges

test('merges the most frequent pair first, equal ones by token id', () => {
  // a·a occurs 4 times, b·c and a·b twice each; once a·a is one token, a·b is left over from none of them.
  expect(mergesOf(['aab', 'aabc', 'aa', 'aa', 'bc'], 258)).toEqual([
    ['a', 'a'],
    ['b', 'c'],
  ])
  // n·o and x·y twice each: n comes first.
  expect(mergesOf(['xy', 'no', 'xy', 'no'], 257)).toEqual([['n', 'o']])
})

test('counts overlapping repeats once', () => {
  // xxxx is x x x x: three pairs, merged to xx xx, then to xxxx.
  expect(mergesOf(['xxxx', 'xxxx'], 260)).toEqual([
    ['x', 'x'],
    ['xx', 'xx'],
  ])
})

test('never merges across words, and stops where no pair occurs twice', () => {
  expect(mergesOf(['a b c d'], 300)).toEqual([])
})

test('numbers tokens without gaps', () => {
  const { vocab } = trainBpe(['abc abc', 'abab aabb'], { vocabSize: 300 }).tokenizer.model as {
    vocab: Record<string, number>
  }
  const ids = Object.values(vocab).sort((a, b) => a - b)
  expect(ids).toEqual(ids.map((_, i) => i))
})

test('encodes any text without loss, special tokens first', () => {
  const tokenizer = createTokenizer(trainBpe(['once upon a time there was a fox'], { vocabSize: 280 }))
  const text = 'Once 🙂 upon\r\n\ta 時間 \u0000 <|end|>'
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  expect(tokenizer.encode('<|pad|><|end|><|system|><|user|><|assistant|>')).toEqual([0, 1, 2, 3, 4])
  expect([tokenizer.padId, tokenizer.eosId, tokenizer.endOfTurnId]).toEqual([0, 1, 1])
})

test('is the same for the same text', () => {
  const texts = ['the fox and the key', 'the key of the box']
  expect(trainBpe(texts, { vocabSize: 290 })).toEqual(trainBpe(texts, { vocabSize: 290 }))
})

test('refuses a vocabulary that cannot hold all bytes', () => {
  expect(() => trainBpe([], { vocabSize: 260 })).toThrow(
    'vocabSize is 260, but 5 special tokens and 256 bytes need 261',
  )
})
