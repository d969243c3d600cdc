import { z } from 'zod'
import { byteCharacters, utf8Bytes } from './byte-level.ts'

const decoderSchema = z.looseObject({ type: z.string() })
const filesSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number() })).default([]),
  decoder: decoderSchema.extend({ decoders: z.array(decoderSchema).default([]) }).nullish(),
})

/**
 * Bytes of the text that a token stands for, in the middle of a text: those of consecutive tokens, put together, are
 * the text in UTF-8. A token alone may hold half a character. Ids without a token have none.
 *
 * @param tokenizer - tokenizer.json
 * @param tokenOf - the token of an id as the vocabulary writes it
 */
export function createTokenBytes(tokenizer: unknown, tokenOf: (id: number) => string | undefined) {
  const { added_tokens, decoder } = filesSchema.parse(tokenizer)
  const added = new Set(added_tokens.map(({ id }) => id))
  const parts = new Set([decoder?.type, ...(decoder?.decoders ?? []).map(({ type }) => type)])
  return (id: number): number[] => {
    const token = tokenOf(id) ?? ''
    const byte = parts.has('ByteFallback') ? byteOf(token) : undefined
    if (byte !== undefined) return [byte]
    if (added.has(id)) return [...utf8Bytes(token)]
    return parts.has('ByteLevel') ? byteLevelBytes(token) : [...utf8Bytes(token.replaceAll('▁', ' '))]
  }
}

/** 10 for `<0x0A>`. */
function byteOf(token: string): number | undefined {
  const digits = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 16)
}

const byteOfCharacter = new Map(byteCharacters.map((character, byte) => [character, byte]))

function byteLevelBytes(token: string): number[] {
  return [...token].flatMap((character) => byteOfCharacter.get(character) ?? [...utf8Bytes(character)])
}
