import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { chatRenderer, type RenderChat } from './chat-template.ts'
import { mendLibrary } from './mend-library.ts'
import { createStreamDecoder } from './stream-decoder.ts'
import { createTokenBytes } from './token-bytes.ts'
import type { Tokenizer } from './tokenizer.ts'
import { parseTokenizerConfig, readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts'
import { createWordEncoder } from './word-encoder.ts'

/** The tokenizer of a checkpoint folder. @throws invalid_checkpoint naming the file and what is wrong */
export async function loadTokenizer(dir: string): Promise<Tokenizer> {
  return createTokenizer(await readTokenizerFiles(dir))
}

/** @throws invalid_checkpoint where the files describe no usable tokenizer or name no end token */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const config = parseTokenizerConfig(files.config)
  const library = openLibrary(files)
  const idOf = (token: string | undefined) => (token === undefined ? undefined : library.token_to_id(token))
  const eosId = idOf(config.eos_token) ?? files.stopIds?.find((id) => library.id_to_token(id) !== undefined)
  if (eosId === undefined) throw noEndToken()

  const decode: Tokenizer['decode'] = (ids, { skipSpecialTokens = false } = {}) => {
    const known = ids.filter((id) => library.id_to_token(id) !== undefined)
    if (known.length === 0) return ''
    return library.decode(known, { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: false })
  }
  const encode = createEncode(files, library, decode)
  const render = chatRenderer({ ...config, eos_token: library.id_to_token(eosId) })
  const endOfTurnId = (render && findEndOfTurn(render, encode, files)) ?? eosId
  return {
    vocabSize: [...library.get_vocab().values()].reduce((a, b) => Math.max(a, b)) + 1,
    eosId,
    padId: idOf(config.pad_token) ?? eosId,
    bosId: idOf(config.bos_token),
    endOfTurnId,
    stopIds: [...new Set([eosId, endOfTurnId, ...(files.stopIds ?? [])])],
    files,
    encode,
    decode,
    bytesOf: createTokenBytes(files.tokenizer, (id) => library.id_to_token(id)),
    streamDecoder: (options) => createStreamDecoder((ids) => decode(ids, options)),
    renderChat: render ?? refuseChat,
  }
}

function noEndToken(): TemperError {
  const places = 'tokenizer_config.json, special_tokens_map.json, generation_config.json and config.json'
  return new TemperError('invalid_checkpoint', `no file names an end token that the tokenizer knows: ${places} may`)
}

function openLibrary(files: TokenizerFiles): LibraryTokenizer {
  try {
    const library = new LibraryTokenizer(files.tokenizer, files.config)
    mendLibrary(library)
    return library
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemperError('invalid_checkpoint', `tokenizer.json cannot be used: ${reason}`, { cause })
  }
}

function createEncode(files: TokenizerFiles, library: LibraryTokenizer, decode: Tokenizer['decode']) {
  const byLibrary = (text: string, addSpecialTokens: boolean) =>
    library.encode(text, { add_special_tokens: addSpecialTokens }).ids
  const addsNothing = byLibrary('', true).length === 0
  const byWord = createWordEncoder(files.tokenizer, { encode: (word) => byLibrary(word, false), decode })
  return (text: string, { addSpecialTokens = true }: { addSpecialTokens?: boolean } = {}): number[] => {
    const wellFormed = text.replace(/\p{Surrogate}/gu, '\uFFFD')
    if (byWord !== undefined && (addsNothing || !addSpecialTokens)) return byWord(wellFormed)
    return byLibrary(wellFormed, addSpecialTokens)
  }
}

const probe = 'Zz'
const addedTokensSchema = z.array(z.looseObject({ id: z.number(), content: z.string() }))
/** Some files list byte tokens as special, but they are text. */
const byteToken = /^<0x[0-9A-F]{2}>$/

/** The first special token that the template writes after an assistant's text. */
function findEndOfTurn(render: RenderChat, encode: Tokenizer['encode'], files: TokenizerFiles): number | undefined {
  const text = render([
    { role: 'user', content: probe },
    { role: 'assistant', content: probe },
  ])
  const rest = text.slice(text.lastIndexOf(probe) + probe.length)
  const markers = addedTokensSchema
    .parse(files.tokenizer.added_tokens)
    .filter(({ content }) => !byteToken.test(content))
  const special = new Set(markers.map(({ id }) => id))
  return encode(rest, { addSpecialTokens: false }).find((id) => special.has(id))
}

function refuseChat(): never {
  throw new TemperError('invalid_checkpoint', 'the tokenizer has no chat template, so it cannot format conversations')
}
