import type { Message } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { answerReader } from './answer-reader.ts'
import { encodeCompletion, encodePrompt } from './conversation.ts'
import { createTokenizer } from './create-tokenizer.ts'
import { byteFallback } from './layouts.fixture.ts'
import { plainTemplate } from './plain-template.ts'
import type { Tokenizer } from './tokenizer.ts'
import type { TokenizerFiles } from './tokenizer-files.ts'
import { trainBpe } from './train-tokenizer.ts'

const byLevel = trainBpe(['Who is there? Paris'], { vocabSize: 262 })
const withTemplate = (chat_template: string, files: TokenizerFiles = byLevel) =>
  createTokenizer({ tokenizer: files.tokenizer, config: { ...files.config, chat_template } })

const plain = plainTemplate(createTokenizer(byLevel))
const marked =
  "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"

/** What is stored of a sampled answer, and what is trained of that. */
function keep(tokenizer: Tokenizer, sampled: string) {
  const messages: Message[] = [{ role: 'user', content: 'Who?' }]
  const prompt = encodePrompt(tokenizer, messages)
  const ids = tokenizer.encode(sampled, { addSpecialTokens: false })
  const text = answerReader(tokenizer)(prompt, ids)
  const trained = encodeCompletion(tokenizer, messages, text, { ended: false })
  return { text, trained: tokenizer.decode(trained.ids.slice(prompt.length)) }
}

it.each([
  ['of a base model', plain],
  ['that ends in a marker', marked],
])('keeps the space at the beginning of an answer by a template %s', (_, template) => {
  expect(keep(withTemplate(template), ' Paris \n')).toEqual({ text: ' Paris', trained: ' Paris' })
})

it('keeps a space that the decoder takes from the beginning of a text', () => {
  const tokenizer = withTemplate(plain, byteFallback())
  const sampled = tokenizer.encode('the')
  expect(tokenizer.decode(sampled)).toBe('the')
  expect(answerReader(tokenizer)(tokenizer.encode('a'), sampled)).toBe(' the')
})

it('leaves a space out that the template writes itself', () => {
  const padding = "{% for m in messages %}{{ (' ' if m.role == 'assistant' else '') + m.content }}{% endfor %}"
  expect(keep(withTemplate(padding), ' Paris')).toEqual({ text: 'Paris', trained: ' Paris' })
})
