import { type CompletionRequest, TemperError } from '@temper/db/contracts'
import { encodePrompt, type Tokenizer } from '../tokenizer/index.ts'

/**
 * Token ids of what a request asks to be continued: messages as the chat template writes them, text as it stands.
 * @throws TemperError invalid_input for a prompt without tokens, or one that leaves no room in the context, with OpenAI's
 *   names for it as `details.param` and `.code`
 */
export function promptIds({ prompt }: CompletionRequest, tokenizer: Tokenizer, contextLength: number): number[] {
  const ids = prompt.type === 'text' ? tokenizer.encode(prompt.text) : encodePrompt(tokenizer, prompt.messages)
  const details = { promptTokens: ids.length, contextLength }
  if (ids.length === 0) throw new TemperError('invalid_input', 'the prompt has no tokens', { details })
  if (ids.length < contextLength) return ids
  const message = `the prompt has ${ids.length} tokens; to leave room for an answer in the context of ${contextLength} it may have ${contextLength - 1}`
  const param = prompt.type === 'text' ? 'prompt' : 'messages'
  throw new TemperError('invalid_input', message, { details: { ...details, param, code: 'context_length_exceeded' } })
}
