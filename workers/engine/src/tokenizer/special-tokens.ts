/** Special tokens of tokenizers that Temper trains; their ids are 0, 1, … in this order. */
export const specialTokens = {
  pad: '<|pad|>',
  end: '<|end|>',
  system: '<|system|>',
  user: '<|user|>',
  assistant: '<|assistant|>',
} as const

/** Every message is its role's token, its text and the end token; a generation prompt is the assistant's token. */
export const chatTemplate =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
