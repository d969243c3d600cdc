import {
  filteredProbabilities,
  penalizedLogits,
  type SamplingTensors,
  samplingFeeds,
  samplingInputs,
  tokenCounts,
} from '@temper/engine/generation'
import { tf } from '@temper/engine/runtime'
import { TracedProgram } from '@temper/engine/tracing'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const grid = z.array(z.array(z.number()))
const schema = z.object({ logits: grid, context: grid }).catchall(grid)
type Reference = z.infer<typeof schema>

const neutral = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0 }
type Settings = typeof neutral

/** What a part of a key sets, and how its digits are read. */
const parts: Record<string, readonly [keyof Settings, (digits: string) => number]> = {
  temp: ['temperature', decimal],
  temperature: ['temperature', decimal],
  top_k: ['topK', Number],
  top_p: ['topP', decimal],
  topk: ['topK', Number],
  topp: ['topP', decimal],
  min_p: ['minP', decimal],
  minp: ['minP', decimal],
  repetition: ['repetitionPenalty', decimal],
}

/** Sampling settings that a key like `temp_08_topk_10_topp_09` spells out; undefined where a part is not known here. */
function settingsOf(key: string): Settings | undefined {
  const settings = { ...neutral }
  for (const [, name = '', digits = ''] of key.matchAll(/(\D*)_(\d+)(?:_|$)/g)) {
    const part = parts[name]
    if (!part) return undefined
    settings[part[0]] = part[1](digits)
  }
  return /^(\D+_\d+(_|$))+$/.test(key) ? settings : undefined
}

/** `07` means 0.7, `12` means 1.2. */
function decimal(digits: string): number {
  return Number(`${digits[0]}.${digits.slice(1)}`)
}

/** Keys whose filter the engine does not have. */
export function unknownFilters(json: unknown): string[] {
  return filterKeys(schema.parse(json)).filter((key) => settingsOf(key) === undefined)
}

/** Probabilities that every known filter leaves; penalties take `context` for the tokens of a prompt. */
export async function checkSampling(json: unknown): Promise<Checks> {
  const reference = schema.parse(json)
  const checks = new Checks()
  for (const key of filterKeys(reference)) {
    const settings = settingsOf(key)
    if (!settings) continue
    const actual = await probabilities(reference, settings)
    checks.absolute(key, actual, reference[key]?.flat() ?? [], tolerances.rl)
  }
  return checks
}

function filterKeys({ logits: _, context: __, ...filters }: Reference): string[] {
  return Object.keys(filters)
}

async function probabilities({ logits, context }: Reference, settings: Settings): Promise<ArrayLike<number>> {
  const program = new TracedProgram()
  const [rows, vocabSize] = [logits.length, logits[0]?.length ?? 0]
  const matrix = { shape: [rows, vocabSize], dtype: 'float32' } as const
  const inputs = { logits: matrix, prompt: matrix, ...samplingInputs(rows) }
  const run = program.define('filter', { inputs }, (_variables, { logits, prompt, ...tensors }) => {
    const settingsOfRows = tensors as SamplingTensors
    const past = { prompt, completion: tf.zerosLike(prompt) }
    return { kept: filteredProbabilities(penalizedLogits(logits, settingsOfRows, past), settingsOfRows) }
  })
  const { kept } = await run({
    logits: Float32Array.from(logits.flat()),
    prompt: tokenCounts(rows, context, vocabSize),
    ...samplingFeeds(rows, Array(rows).fill(settings)),
  })
  program.close()
  return kept.data
}
