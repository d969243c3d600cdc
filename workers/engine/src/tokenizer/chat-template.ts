import { Template } from '@huggingface/jinja'
import { type Message, TemperError } from '@temper/db/contracts'
import type { TokenizerConfig } from './tokenizer-files.ts'

export type RenderChat = (messages: readonly Message[], options?: { addGenerationPrompt?: boolean }) => string

/**
 * The day that the templates of Llama 3 name by themselves where they cannot ask for it: prompts must be the same from one
 * day, and one part of a run, to the next.
 */
const date = '26 Jul 2024'

/** The Jinja chat template of a tokenizer, or undefined where it has none. Of several, the one named `default`. */
export function chatRenderer(config: TokenizerConfig): RenderChat | undefined {
  const source =
    typeof config.chat_template === 'string'
      ? config.chat_template
      : config.chat_template?.find(({ name }) => name === 'default')?.template
  if (source === undefined) return undefined
  const template = parse(source)
  const { bos_token = '', eos_token = '', pad_token = '', unk_token = '' } = config
  const fixed = { bos_token, eos_token, pad_token, unk_token, date_string: date, tools: null, documents: null }
  return (messages, { addGenerationPrompt = false } = {}) => {
    const context = { messages, add_generation_prompt: addGenerationPrompt, ...fixed }
    try {
      return template.render(context)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new TemperError('invalid_input', `the chat template refuses these messages: ${reason}`, { cause })
    }
  }
}

function parse(source: string): Template {
  try {
    return new Template(source)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemperError('invalid_checkpoint', `the chat template does not parse: ${reason}`, { cause })
  }
}
