import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { loadTokenizer, type Tokenizer } from '@temper/engine/tokenizer'
import { readJson } from '../read-json.ts'
import { Checks, type Result, section } from '../result.ts'
import { type TokenizerCases, tokenizerCasesSchema } from './tokenizer-cases.ts'

/** Each folder's tokenizer: text to ids and back, at once and token by token, special tokens, chats. */
export async function* checkTokenizers(dir: string): AsyncGenerator<Result> {
  const folders = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const { name } of folders) yield* checkTokenizer(join(dir, name))
}

async function* checkTokenizer(dir: string): AsyncGenerator<Result> {
  const cases = await readJson(join(dir, 'cases.json'), tokenizerCasesSchema)
  const check = (name: string, compare: (checks: Checks, tokenizer: Tokenizer, cases: TokenizerCases) => void) =>
    section(`tokenizers/${basename(dir)}`, name, async () => {
      const checks = new Checks()
      compare(checks, await loadTokenizer(dir), cases)
      return checks
    })
  yield await check('special tokens', checkSpecialTokens)
  yield await check('encode', checkEncode)
  yield await check('decode', checkDecode)
  yield await check('stream', checkStream)
  if (cases.chats.length > 0) yield await check('chats', checkChats)
}

function checkSpecialTokens(checks: Checks, tokenizer: Tokenizer, { special }: TokenizerCases): void {
  const check = (name: string, id: number | undefined, text: string | undefined) => {
    if (text === undefined) return
    checks.tokens(name, id === undefined ? [] : [id], tokenizer.encode(text, { addSpecialTokens: false }))
    checks.names(`text of ${name}`, id === undefined ? [] : [tokenizer.decode([id])], [text])
  }
  check('bos_token', tokenizer.bosId, special.bos_token)
  check('eos_token', tokenizer.eosId, special.eos_token)
  check('pad_token', tokenizer.padId, special.pad_token)
}

function checkEncode(checks: Checks, tokenizer: Tokenizer, { cases }: TokenizerCases): void {
  for (const [i, { text, ids, ids_plain }] of cases.entries()) {
    checks.tokens(`case ${i} with special tokens`, tokenizer.encode(text), ids)
    checks.tokens(`case ${i} without`, tokenizer.encode(text, { addSpecialTokens: false }), ids_plain)
  }
}

function checkDecode(checks: Checks, tokenizer: Tokenizer, { cases }: TokenizerCases): void {
  for (const [i, { ids_plain, decoded, decoded_no_special }] of cases.entries()) {
    checks.names(`case ${i}`, [tokenizer.decode(ids_plain)], [decoded])
    checks.names(
      `case ${i} without special tokens`,
      [tokenizer.decode(ids_plain, { skipSpecialTokens: true })],
      [decoded_no_special],
    )
  }
}

/** Tokens that arrive one by one make the same text. */
function checkStream(checks: Checks, tokenizer: Tokenizer, { cases }: TokenizerCases): void {
  for (const [i, { ids_plain, decoded }] of cases.entries()) {
    const stream = tokenizer.streamDecoder()
    const pieces = [...ids_plain.map((id) => stream.push(id)), stream.end()]
    checks.names(`case ${i}`, [pieces.join('')], [decoded])
  }
}

function checkChats(checks: Checks, tokenizer: Tokenizer, { chats }: TokenizerCases): void {
  for (const [i, { messages, add_generation_prompt, text, ids }] of chats.entries()) {
    const rendered = tokenizer.renderChat(messages, { addGenerationPrompt: add_generation_prompt })
    checks.names(`text of chat ${i}`, [rendered], [text])
    checks.tokens(`ids of chat ${i}`, tokenizer.encode(rendered, { addSpecialTokens: false }), ids)
  }
}
