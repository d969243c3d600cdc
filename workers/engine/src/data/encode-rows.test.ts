import type { Message } from '@temper/db/contracts'
import { expect, test } from 'vitest'
import { createTokenizer, type Sequence, trainBpe } from '../tokenizer/index.ts'
import { conversationSequence, preferenceSequences, textSequences, truncate } from './encode-rows.ts'

const tokenizer = createTokenizer(trainBpe([], { vocabSize: 261 }))
const judged = (prompt: Message[], chosen: string, rejected: string) => ({
  ...{ prompt, chosen, rejected },
  ...{ chosenEnded: true, rejectedEnded: true },
})
const textOf = ({ ids }: Sequence) => tokenizer.decode(ids)
const trainedText = ({ ids, lossMask }: Sequence) => tokenizer.decode(ids.filter((_, i) => lossMask[i]))

test('a document ends with the end token and is trained from its second token', () => {
  const [only, ...rest] = textSequences(tokenizer, 'abc', 10)
  expect(rest).toEqual([])
  expect(only && [textOf(only), trainedText(only)]).toEqual(['abc<|end|>', 'bc<|end|>'])
})

test('pieces of a long document train every token once', () => {
  const pieces = textSequences(tokenizer, 'abcdefgh', 4)
  expect(pieces.map(textOf)).toEqual(['abcd', 'defg', 'gh<|end|>'])
  expect(pieces.map(trainedText).join('')).toBe('bcdefgh<|end|>')
})

test('both answers follow the same prompt', () => {
  const prompt = [{ role: 'user', content: 'Q' } as const]
  const { chosen, rejected } = preferenceSequences(tokenizer, judged(prompt, 'yes', 'no'), 50)
  expect([chosen, rejected].map(textOf)).toEqual([
    '<|user|>Q<|end|><|assistant|>yes<|end|>',
    '<|user|>Q<|end|><|assistant|>no<|end|>',
  ])
  expect([chosen, rejected].map(trainedText)).toEqual(['yes<|end|>', 'no<|end|>'])
})

test('an answer that was cut has no end token', () => {
  const prompt = [{ role: 'user', content: 'Q' } as const]
  const cut = { ...judged(prompt, 'yes', 'no'), rejectedEnded: false }
  const { chosen, rejected } = preferenceSequences(tokenizer, cut, 50)
  expect([chosen, rejected].map(trainedText)).toEqual(['yes<|end|>', 'no'])
})

test('cuts a long prompt at its left', () => {
  const prompt = [{ role: 'user', content: 'abcdef' } as const]
  const { chosen } = preferenceSequences(tokenizer, judged(prompt, 'yes', 'no'), 8)
  expect(textOf(chosen)).toBe('ef<|end|><|assistant|>yes<|end|>')
})

test('cuts the prompt of both answers for the longer one', () => {
  const prompt = [{ role: 'user', content: 'abcdef' } as const]
  const { chosen, rejected } = preferenceSequences(tokenizer, judged(prompt, 'yes', 'no'), 8)
  expect([chosen, rejected].map(textOf)).toEqual([
    'ef<|end|><|assistant|>yes<|end|>',
    'ef<|end|><|assistant|>no<|end|>',
  ])
})

test('cuts a long completion at its right, where it loses its end token', () => {
  const prompt = [{ role: 'user', content: 'abcdef' } as const]
  const { chosen } = preferenceSequences(tokenizer, judged(prompt, 'yes, yes', 'no'), 5)
  expect(textOf(chosen)).toBe('<|assistant|>yes,')
  expect(trainedText(chosen)).toBe('yes,')
})

test('cuts a long conversation at its left and keeps the last answer', () => {
  const messages = ['one', 'two', 'three', 'four'].map((content, i) => ({
    role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content,
  }))
  const cut = conversationSequence(tokenizer, messages, 10)
  expect(textOf(cut)).toBe('ree<|end|><|assistant|>four<|end|>')
  expect(trainedText(cut)).toBe('four<|end|>')
})

test.each([
  ['assistant', 'two<|end|>four<|end|>'],
  ['completion', 'four<|end|>'],
  ['all', 'one<|end|><|assistant|>two<|end|><|user|>three<|end|><|assistant|>four<|end|>'],
] as const)('trains the tokens of a conversation that are asked for: %s', (lossOn, text) => {
  const messages = ['one', 'two', 'three', 'four'].map((content, i) => ({
    role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content,
  }))
  expect(trainedText(conversationSequence(tokenizer, messages, 100, lossOn))).toBe(text)
})

test('leaves a sequence that fits as it is', () => {
  const sequence = { ids: [1, 2, 3], lossMask: [false, true, true] }
  expect(truncate(sequence, 3)).toBe(sequence)
})
