import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

const tokenSchema = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
const optionalToken = tokenSchema.nullish().transform((token) => token ?? undefined)

const specialTokens = {
  bos_token: optionalToken,
  eos_token: optionalToken,
  pad_token: optionalToken,
  unk_token: optionalToken,
}

/** Older models have these in a file of their own. */
const specialTokensMapSchema = z.object(specialTokens)

/** The parts of `tokenizer_config.json` that Temper reads; the rest is kept as it is. */
const tokenizerConfigSchema = z.looseObject({
  ...specialTokens,
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
})
export type TokenizerConfig = z.infer<typeof tokenizerConfigSchema>

const generationConfigSchema = z.looseObject({ eos_token_id: z.union([z.number(), z.array(z.number())]).nullish() })

/** A tokenizer as the Hugging Face libraries store it, as parsed JSON. */
export interface TokenizerFiles {
  tokenizer: Record<string, unknown>
  config: Record<string, unknown>
  /** `eos_token_id` of `generation_config.json`, or where that names none of `config.json`. */
  stopIds?: number[]
}

/**
 * Reads `tokenizer.json`, `tokenizer_config.json`, and where they exist `special_tokens_map.json`, `chat_template.jinja`
 * and `generation_config.json` and `config.json`, of which the first that does so names the end of a text.
 *
 * @throws invalid_checkpoint where a file is missing or does not parse
 */
export async function readTokenizerFiles(dir: string): Promise<TokenizerFiles> {
  const tokenizer = await readJson(dir, 'tokenizer.json')
  const config = { ...(await readSpecialTokens(dir)), ...withoutNulls(await readJson(dir, 'tokenizer_config.json')) }
  const template = await readIfExists(join(dir, 'chat_template.jinja'))
  const stops = await readStops(dir)
  return {
    tokenizer,
    config: template === undefined ? config : { ...config, chat_template: template },
    ...(stops != null && { stopIds: [stops].flat() }),
  }
}

async function readSpecialTokens(dir: string): Promise<Record<string, string>> {
  const name = 'special_tokens_map.json'
  const tokens = parseAs(specialTokensMapSchema, (await readJsonIfExists(dir, name)) ?? {}, name)
  return withoutNulls(tokens) as Record<string, string>
}

async function readStops(dir: string): Promise<number | number[] | null | undefined> {
  for (const name of ['generation_config.json', 'config.json']) {
    const stops = parseAs(generationConfigSchema, (await readJsonIfExists(dir, name)) ?? {}, name).eos_token_id
    if (stops != null) return stops
  }
  return undefined
}

function withoutNulls(json: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value != null))
}

/** @throws invalid_checkpoint with the key of another form */
export function parseTokenizerConfig(config: Record<string, unknown>): TokenizerConfig {
  return parseAs(tokenizerConfigSchema, config, 'tokenizer_config.json')
}

/** Writes `tokenizer.json` and `tokenizer_config.json`, the chat template inside the latter. */
export async function writeTokenizerFiles(files: TokenizerFiles, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'tokenizer.json'), `${JSON.stringify(files.tokenizer)}\n`)
  await writeFile(join(dir, 'tokenizer_config.json'), `${JSON.stringify(files.config, null, 2)}\n`)
}

async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function readJson(dir: string, name: string): Promise<Record<string, unknown>> {
  const json = await readJsonIfExists(dir, name)
  if (json !== undefined) return json
  const path = join(dir, name)
  throw new TemperError('invalid_checkpoint', `${path} is missing`, { details: { path } })
}

async function readJsonIfExists(dir: string, name: string): Promise<Record<string, unknown> | undefined> {
  const path = join(dir, name)
  const text = await readIfExists(path)
  if (text === undefined) return undefined
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch (cause) {
    throw new TemperError('invalid_checkpoint', `${path} is not a JSON object`, { cause, details: { path } })
  }
}

function parseAs<T extends z.ZodType>(schema: T, json: unknown, name: string): z.output<T> {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const message = `${name}: ${z.prettifyError(parsed.error)}`
  throw new TemperError('invalid_checkpoint', message, { cause: parsed.error })
}
