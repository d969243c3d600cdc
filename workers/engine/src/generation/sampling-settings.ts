import type { Sampling } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { InputSpec, Values } from '../tracing/index.ts'

const settings = ['temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'frequencyPenalty'] as const
type Setting = (typeof settings)[number]

/** How each row of a batch is sampled, a number a row: (B) float32, `topK` int32. */
export type SamplingTensors = Record<Setting, Tensor>

/** What a step has to do for any of its rows; steps of one plan share a function. */
export interface SamplingPlan {
  filters: boolean
  penalties: boolean
  /** Most likely tokens reported beside the chosen one; 0 where none is reported. */
  top: number
}

export function samplingInputs(rows: number): Record<Setting, InputSpec> {
  const input = (name: Setting) => [name, { shape: [rows], dtype: name === 'topK' ? 'int32' : 'float32' }]
  return Object.fromEntries(settings.map(input))
}

/** Values for `samplingInputs`; rows that nobody reads are greedy. */
export function samplingFeeds(
  rows: number,
  samplings: readonly (Pick<Sampling, Setting> | undefined)[],
): Record<Setting, Values> {
  const idle = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0 }
  const feed = (name: Setting) => {
    const values = Array.from({ length: rows }, (_, row) => (samplings[row] ?? idle)[name])
    return [name, name === 'topK' ? Int32Array.from(values) : Float32Array.from(values)]
  }
  return Object.fromEntries(settings.map(feed))
}

export function samplingPlan(
  samplings: readonly Sampling[],
  topLogprobs: readonly (number | undefined)[],
): SamplingPlan {
  return {
    filters: samplings.some(({ topK, topP, minP }) => topK > 0 || topP < 1 || minP > 0),
    penalties: samplings.some(hasPenalty),
    top: topLogprobs.some((top) => top !== undefined) ? mostReported : 0,
  }
}

/** As many as OpenAI's clients may ask for. */
export const mostReported = 20

export function hasPenalty({ repetitionPenalty, frequencyPenalty }: Sampling): boolean {
  return repetitionPenalty !== 1 || frequencyPenalty !== 0
}

export function planKey({ filters, penalties, top }: SamplingPlan): string {
  return `${filters ? 'filtered' : 'plain'}${penalties ? '-penalized' : ''}${top > 0 ? `-top${top}` : ''}`
}
