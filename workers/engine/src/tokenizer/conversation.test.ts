import type { Message } from '@temper/db/contracts'
import { describe, expect, test } from 'vitest'
import { encodeCompletion, encodeConversation, encodePrompt, type Sequence } from './conversation.ts'
import { createTokenizer } from './create-tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'
import { trainBpe } from './train-tokenizer.ts'

const files = trainBpe(['Hi there. Yes, bye!'], { vocabSize: 262 })
const tokenizer = createTokenizer(files)
const withTemplate = (template: string) =>
  createTokenizer({ ...files, config: { ...files.config, chat_template: template } })

const messages: Message[] = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Yes' },
  { role: 'user', content: 'So' },
  { role: 'assistant', content: 'Bye' },
]

/** Runs of trained tokens, as text. */
function trained(by: Tokenizer, { ids, lossMask }: Sequence): string[] {
  const text = ids.map((id, i) => (lossMask[i] ? by.decode([id]) : '\n')).join('')
  return text.split(/\n+/).filter(Boolean)
}

test('puts each assistant message and its end token in the loss, nothing else', () => {
  const sequence = encodeConversation(tokenizer, messages)
  expect(trained(tokenizer, sequence)).toEqual(['Yes<|end|>', 'Bye<|end|>'])
  expect(sequence.ids).toEqual(tokenizer.encode(tokenizer.renderChat(messages)))
})

test('leaves out what a template writes after the end token', () => {
  const lined = withTemplate(
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|> ' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
  )
  expect(trained(lined, encodeConversation(lined, messages))).toEqual(['Yes<|end|>', 'Bye<|end|>'])
})

test('adds no second beginning-of-text token', () => {
  const { tokenizer: json, config } = files
  const special = { SpecialToken: { id: '<|system|>', type_id: 0 } }
  const template = "{{ '<|system|>' }}{% for m in messages %}{{ m.content + '<|end|>' }}{% endfor %}"
  const post_processor = {
    type: 'TemplateProcessing',
    single: [special, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [special, { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<|system|>': { id: '<|system|>', ids: [2], tokens: ['<|system|>'] } },
  }
  const adding = createTokenizer({
    tokenizer: { ...json, post_processor },
    config: { ...config, chat_template: template },
  })
  expect(adding.encode('Hi').slice(0, 1)).toEqual([2])
  expect(encodeConversation(adding, messages).ids.filter((id) => id === 2)).toHaveLength(1)
})

test('refuses a template that rewrites earlier messages, with the place', () => {
  const forgetful = withTemplate(
    "{% for m in messages %}{{ (m.content if loop.last else '…') + '<|end|>' }}{% endfor %}",
  )
  expect(() => encodeConversation(forgetful, messages)).toThrow(
    'not prefix-preserving: at character 0 it wrote "Hi<|end|>" at first and "…<|end|>Yes<|end|>" once',
  )
})

test('a prompt is the beginning of the conversation, and keeps its end when cut', () => {
  const prompt = encodePrompt(tokenizer, messages.slice(0, 1))
  expect(tokenizer.decode(prompt)).toBe('<|user|>Hi<|end|><|assistant|>')
  expect(encodeConversation(tokenizer, messages).ids.slice(0, prompt.length)).toEqual(prompt)
  expect(encodePrompt(tokenizer, messages.slice(0, 1), 2)).toEqual(prompt.slice(-2))
})

test('a completion ends with the end token, which a cut one lacks', () => {
  const prompt = messages.slice(0, 1)
  expect(trained(tokenizer, encodeCompletion(tokenizer, prompt, 'Yes'))).toEqual(['Yes<|end|>'])
  expect(trained(tokenizer, encodeCompletion(tokenizer, prompt, 'Yes', { ended: false }))).toEqual(['Yes'])
  expect(trained(tokenizer, encodeCompletion(tokenizer, prompt, ''))).toEqual(['<|end|>'])
})

test('a completion is written as the template writes an answer in a conversation', () => {
  const padding = withTemplate(
    "{% for m in messages %}{% if m.role == 'user' %}{{ '<|user|>' + m.content + '<|assistant|>' }}{% else %}{{ ' ' + m.content + ' <|end|>\\n' }}{% endif %}{% endfor %}",
  )
  const completion = encodeCompletion(padding, messages.slice(0, 1), 'Yes')
  expect(padding.decode(completion.ids)).toBe('<|user|>Hi<|assistant|> Yes <|end|>')
  const conversation = encodeConversation(padding, messages.slice(0, 2))
  expect(conversation.ids.slice(0, completion.ids.length)).toEqual(completion.ids)
  expect(trained(padding, completion)).toEqual(trained(padding, conversation))
})

test('a cut completion has nothing of what the template writes behind an answer', () => {
  const padding = withTemplate(
    "{% for m in messages %}{% if m.role == 'user' %}{{ '<|user|>' + m.content + '<|assistant|>' }}{% else %}{{ ' ' + m.content + ' <|end|>' }}{% endif %}{% endfor %}",
  )
  const cut = encodeCompletion(padding, messages.slice(0, 1), 'Yes', { ended: false })
  expect(padding.decode(cut.ids)).toBe('<|user|>Hi<|assistant|> Yes')
})

describe('a completion that the template would write otherwise than it was sampled follows the prompt', () => {
  const prompt = messages.slice(0, 1)

  test('where the prompt opens a thought', () => {
    const opening = withTemplate(
      "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content.split('(end)')[-1] + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>(think)' }}{% endif %}",
    )
    const { ids } = encodeCompletion(opening, prompt, 'Hm(end)Yes')
    expect(opening.decode(ids)).toBe('<|user|>Hi<|end|><|assistant|>(think)Hm(end)Yes<|end|>')
  })

  test('where an empty thought would stand before one that was cut', () => {
    const adding = withTemplate(
      "{% for m in messages %}{{ '<|' + m.role + '|>' }}{% if m.role == 'assistant' and '(end)' not in m.content %}{{ '(think)(end)' }}{% endif %}{{ m.content + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
    )
    const textOf = (completion: string, ended: boolean) =>
      adding.decode(encodeCompletion(adding, prompt, completion, { ended }).ids)
    expect(textOf('(think)Hm', false)).toBe('<|user|>Hi<|end|><|assistant|>(think)Hm')
    expect(textOf('Yes', true)).toBe('<|user|>Hi<|end|><|assistant|>(think)(end)Yes<|end|>')
  })
})

test('a prompt keeps its ids where a token would span its end', () => {
  const merging = createTokenizer(trainBpe(['aaaa aaaa'], { vocabSize: 262 })) // a + a is one token
  const plain = createTokenizer({
    ...merging.files,
    config: {
      ...merging.files.config,
      chat_template:
        "{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}{{ '' }}{% endif %}",
    },
  })
  const prompt = [{ role: 'user', content: 'xa' } as const]
  const ids = encodePrompt(plain, prompt)
  expect(encodeCompletion(plain, prompt, 'a').ids.slice(0, ids.length)).toEqual(ids)
})
