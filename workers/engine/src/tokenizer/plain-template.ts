import type { Tokenizer } from './tokenizer.ts'

/**
 * A chat template for a model that brings none: its messages are plain text after each other, as a base model reads it.
 * A system message is a paragraph of its own, and the end token follows an answer, so that one prompt and its answer are
 * what TRL makes of rows without roles. The text begins as the tokenizer begins every text.
 */
export function plainTemplate({ encode, bosId }: Pick<Tokenizer, 'encode' | 'bosId'>): string {
  const begin = bosId !== undefined && encode('')[0] === bosId ? '{{ bos_token }}' : ''
  const end = {
    system: "{% if message['role'] == 'system' %}{{ '\\n\\n' }}{% endif %}",
    answer: "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}",
  }
  return `${begin}{% for message in messages %}{{ message['content'] }}${end.system}${end.answer}{% endfor %}`
}
