import { random } from '../random.ts'
import { tf } from '../runtime/index.ts'
import { type InputSpec, type Inputs, TracedProgram, type Values } from '../tracing/index.ts'
import { tokenCounts } from './penalties.ts'
import { sampleTokens } from './sampler.ts'
import { type SamplingTensors, samplingFeeds, samplingInputs } from './sampling-settings.ts'

const none = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0 }

/** One row each; a step samples all of them at once. */
export const mixedSettings = [
  none,
  { ...none, temperature: 0 },
  { ...none, temperature: 0.6 },
  { ...none, temperature: 1.7 },
  { ...none, topK: 1 },
  { ...none, topK: 7 },
  { ...none, topK: 5000 },
  { ...none, topP: 0.01 },
  { ...none, topP: 0.8 },
  { ...none, minP: 0.2 },
  { ...none, minP: 1 },
  { ...none, repetitionPenalty: 1.5 },
  { ...none, frequencyPenalty: 0.9 },
  { ...none, temperature: 0, repetitionPenalty: 1.3, frequencyPenalty: -0.4 },
  { temperature: 1.3, topK: 40, topP: 0.9, minP: 0.02, repetitionPenalty: 1.2, frequencyPenalty: 0.5 },
]
const rows = mixedSettings.length

const vocabSize = 203
const hiddenSize = 64
const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i, 0) * 2 - 1)
/** Counts of tokens that a prompt and a completion hold: some ten of each row. */
const past = (salt: number) =>
  tokenCounts(
    rows,
    mixedSettings.map((_, row) => Array.from({ length: 10 }, (_, i) => (row * 31 + i * i * 7 + salt) % vocabSize)),
    vocabSize,
  )

export interface Draws {
  /** (draws · rows) */
  ids: number[]
  logps: number[]
}

/**
 * Draws of every row of `mixedSettings`, each with uniforms of its own, in one program: with the kernel or composed of
 * plain operations. Without penalties logits go into the kernel as they are. They come out of a product, so that in bf16
 * they are what a decoder has, bf16 and often equal; it picks a column of the weights, so that no sum is rounded.
 */
export async function sampledRows(
  kernels: boolean,
  precision: 'fp32' | 'bf16',
  penalties: boolean,
  draws: number,
): Promise<Draws> {
  const program = new TracedProgram({ kernels })
  const weights = { shape: [vocabSize, hiddenSize], dtype: 'float32', data: drawn(2, vocabSize * hiddenSize) } as const
  await program.addVariables({ weights: { ...weights, storage: precision } })
  const counts: InputSpec = { shape: [rows, vocabSize], dtype: 'float32' }
  const inputs: Record<string, InputSpec> = {
    hidden: { shape: [rows, hiddenSize], dtype: 'float32' },
    uniforms: { shape: [rows], dtype: 'float32' },
    prompt: counts,
    completion: counts,
    ...samplingInputs(rows),
  }
  const plan = { filters: true, penalties, top: 0 }
  const sample = program.define('sample', { inputs, precision }, (variables, tensors) => {
    const { hidden, uniforms, prompt, completion, ...settings } = tensors as Inputs<keyof SamplingTensors | Own>
    const logits = tf.matMul(hidden, variables.weights as never, false, true)
    return sampleTokens(logits, uniforms, settings, plan, penalties ? { prompt, completion } : undefined)
  })
  const fixed = { prompt: past(0), completion: past(3), ...samplingFeeds(rows, mixedSettings) }
  const results: Draws = { ids: [], logps: [] }
  for (let draw = 0; draw < draws; draw++) {
    const { ids, logps } = await sample({ ...fixed, ...variedFeeds(draw) })
    results.ids.push(...ids.data)
    results.logps.push(...logps.data)
  }
  program.close()
  return results
}

type Own = 'hidden' | 'uniforms' | 'prompt' | 'completion'

function variedFeeds(draw: number): Record<'hidden' | 'uniforms', Values> {
  const column = (row: number) => row * hiddenSize + ((draw + row * 5) % hiddenSize)
  const hidden = new Float32Array(rows * hiddenSize)
  for (let row = 0; row < rows; row++) hidden[column(row)] = 4
  return {
    hidden,
    uniforms: Float32Array.from({ length: rows }, (_, row) => Math.min(random(7, draw, row), 1 - 2 ** -23)),
  }
}

/** Ids that `draws` uniforms give from one row of logits, all in one step. */
export async function manyDraws(logits: readonly number[], draws: number): Promise<number[]> {
  const program = new TracedProgram()
  const inputs: Record<string, InputSpec> = {
    logits: { shape: [draws, logits.length], dtype: 'float32' },
    uniforms: { shape: [draws], dtype: 'float32' },
    ...samplingInputs(draws),
  }
  const plan = { filters: true, penalties: false, top: 0 }
  const sample = program.define('sample', { inputs }, (_, tensors) => {
    const { logits, uniforms, ...settings } = tensors as Inputs<keyof SamplingTensors | 'logits' | 'uniforms'>
    return sampleTokens(logits, uniforms, settings, plan)
  })
  const { ids } = await sample({
    logits: Float32Array.from({ length: draws * logits.length }, (_, i) => logits[i % logits.length] ?? Number.NaN),
    uniforms: Float32Array.from({ length: draws }, (_, i) => Math.min(random(13, i, 0), 1 - 2 ** -23)),
    ...samplingFeeds(draws, Array(draws).fill({ ...none, temperature: 0.8, topK: 6 })),
  })
  program.close()
  return Array.from(ids.data)
}
