import type { Message } from '@temper/db/contracts'
import type { TokenizerFiles } from './tokenizer-files.ts'

/** Text to token ids and back, with the conversation format of the model it belongs to. */
export interface Tokenizer {
  /** Ids are in [0, vocabSize). A model may have more rows; those ids have no text. */
  readonly vocabSize: number
  readonly eosId: number
  /** The padding token, or `eosId` where the files name none: masks never come from ids. */
  readonly padId: number
  readonly bosId: number | undefined
  /** The token that ends an assistant message in the chat template; `eosId` without a template. */
  readonly endOfTurnId: number
  /** Generation stops at any of these. */
  readonly stopIds: readonly number[]
  /** What it was made from, to be written into a checkpoint. */
  readonly files: TokenizerFiles
  /**
   * Ids of a text. Special tokens written in the text become their ids; `addSpecialTokens` (default true) also adds
   * those the files put around every text. A lone surrogate counts as U+FFFD.
   *
   * @throws invalid_input where the files have no token for a byte of the text
   */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[]
  /** Text of ids; ids without a token have none. `skipSpecialTokens` defaults to false. */
  decode(ids: readonly number[], options?: { skipSpecialTokens?: boolean }): string
  /** Bytes of a token's text, which may hold half a character; of a special token, of its name. */
  bytesOf(id: number): number[]
  /** Text of tokens that arrive one by one. */
  streamDecoder(options?: { skipSpecialTokens?: boolean }): StreamDecoder
  /**
   * The conversation as text by the chat template.
   *
   * @throws invalid_checkpoint without a chat template; invalid_input where the template refuses the messages
   */
  renderChat(messages: readonly Message[], options?: { addGenerationPrompt?: boolean }): string
}

/** Never hands out half a character. */
export interface StreamDecoder {
  /** Text that became certain with this token; often empty. */
  push(id: number): string
  /** What was held back. */
  end(): string
}
