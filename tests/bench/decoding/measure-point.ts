import { type ServingPrecision, samplingSchema } from '@temper/db/contracts'
import { Decoder, decodingPrecision } from '@temper/engine/generation'
import { addRole, type Model } from '@temper/engine/models'
import { median } from '../median.ts'
import { randomRows } from '../works/random-tokens.ts'
import { MeteredProgram, stepBytes } from './memory.ts'
import type { Point } from './points.ts'

export interface PointFigures {
  batch: number
  prompt_length: number
  /** Until all sequences have their first token. */
  first_token_ms: number
  /** Tokens of all prompts in that time, in which the first of a large batch begin to write. */
  prefill_tokens_per_s: number
  /** Of a step in which all sequences write. */
  step_ms: number
  tokens_per_s_each: number
  tokens_per_s: number
  /** What the memory alone would take for a step, over what the step took. */
  floor_share: number
  cache_mib: number
}

export interface Subject {
  model: Model
  tensors: Record<string, Float32Array>
  /** Of the weights; of everything else what they are multiplied in. */
  precision: ServingPrecision
  /** Bytes a second. */
  bandwidth: number
  /** Timed runs, after two warm-ups. */
  runs: number
}

interface Times {
  firstTokenMs: number
  stepMs: number
}

/** Enough for all of a batch to write together, which compiles every function that the timed runs use. */
const warmUpTokens = 10

/** Medians of the runs. */
export async function measurePoint(subject: Subject, point: Point): Promise<PointFigures> {
  const { model, tensors, precision, runs } = subject
  const program = new MeteredProgram()
  try {
    await addRole(program, 'policy', model, tensors, precision)
    const decoder = new Decoder(
      { program, model, role: 'policy', precision: decodingPrecision(precision) },
      point.batch,
    )
    for (let run = 0; run < 2; run++) await write(decoder, model, point, warmUpTokens)
    const times: Times[] = []
    for (let run = 0; run < runs; run++) times.push(await write(decoder, model, point, point.newTokens))
    return figuresOf(subject, point, times, program.cacheBytes)
  } finally {
    program.close()
  }
}

/** One batch from empty slots, stopped after `tokens` new ones each. */
async function write(decoder: Decoder, model: Model, point: Point, tokens: number): Promise<Times> {
  decoder.forget()
  const prompts = randomRows(point.batch, point.promptLength, model.vocabSize)
  const sampling = samplingSchema.parse({ temperature: 1, maxTokens: point.newTokens })
  const startMs = performance.now()
  const written = prompts.map(async (prompt, index) => {
    const atMs: number[] = []
    const onToken = () => atMs.push(performance.now()) < tokens
    await decoder.decode({ prompt, sampling, stopIds: [], seed: 0, index, onToken })
    return atMs
  })
  return timesOf(await Promise.all(written), startMs)
}

/** A step's time is that between the last first token and the first end: all sequences write there. */
function timesOf(written: number[][], startMs: number): Times {
  const allWriteMs = Math.max(...written.map((atMs) => atMs[0] ?? Number.NaN))
  const endMs = Math.min(...written.map((atMs) => atMs.at(-1) ?? Number.NaN))
  const first = written.find((atMs) => atMs.at(-1) === endMs) ?? []
  const steps = first.filter((ms) => ms > allWriteMs).length
  return { firstTokenMs: allWriteMs - startMs, stepMs: (endMs - allWriteMs) / steps }
}

function figuresOf({ model, precision, bandwidth }: Subject, point: Point, times: Times[], cacheBytes: number) {
  const { batch, promptLength, newTokens } = point
  const firstTokenMs = median(times.map((time) => time.firstTokenMs))
  const stepMs = median(times.map((time) => time.stepMs))
  const bytes = stepBytes(model, precision, { sequences: batch, held: promptLength + newTokens / 2 })
  return {
    batch,
    prompt_length: promptLength,
    first_token_ms: rounded(firstTokenMs, 1),
    prefill_tokens_per_s: rounded((batch * promptLength * 1000) / firstTokenMs, 1),
    step_ms: rounded(stepMs, 2),
    tokens_per_s_each: rounded(1000 / stepMs, 2),
    tokens_per_s: rounded((batch * 1000) / stepMs, 1),
    floor_share: rounded((bytes * 1000) / bandwidth / stepMs, 4),
    cache_mib: rounded(cacheBytes / 2 ** 20, 3),
  }
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits))
