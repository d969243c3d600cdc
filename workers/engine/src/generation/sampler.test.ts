import { describe, expect, it } from 'vitest'
import { random } from '../random.ts'
import { tf } from '../runtime/index.ts'
import { penalizedLogits, tokenCounts } from './penalties.ts'
import { filteredProbabilities } from './sampler.ts'
import { type SamplingTensors, samplingFeeds } from './sampling-settings.ts'

const vocabSize = 30
const rows = [0, 1, 2, 3].map((row) =>
  Array.from({ length: vocabSize }, (_, id) => 8 * (random(11, row, id) - random(12, row, id))),
)
const none = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0 }
type Settings = typeof none
type Filters = Pick<Settings, 'temperature' | 'topK' | 'topP' | 'minP'>

/** The same settings for every row. */
function tensorsOf(settings: Settings): SamplingTensors {
  const feeds = Object.entries(samplingFeeds(rows.length, Array(rows.length).fill(settings)))
  const tensor = (values: Float32Array | Int32Array) =>
    tf.tensor1d(values, values instanceof Int32Array ? 'int32' : 'float32')
  return Object.fromEntries(feeds.map(([name, values]) => [name, tensor(values)])) as SamplingTensors
}

function softmax(logits: number[]): number[] {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)))
  const total = powers.reduce((sum, power) => sum + power, 0)
  return powers.map((power) => power / total)
}

/** Leaves the tokens that `keep` says, told by rank (0 the most likely), probability and what is more likely. */
function filter(logits: number[], keep: (token: { rank: number; p: number; above: number; top: number }) => boolean) {
  const probabilities = softmax(logits)
  const top = Math.max(...probabilities)
  return logits.map((logit, id) => {
    const p = probabilities[id] ?? Number.NaN
    const likelier = probabilities.filter((other) => other > p)
    const above = likelier.reduce((sum, other) => sum + other, 0)
    return keep({ rank: likelier.length, p, above, top }) ? logit : Number.NEGATIVE_INFINITY
  })
}

function expected(logits: number[], { temperature, topK, topP, minP }: Filters): number[] {
  const scaled = logits.map((logit) => logit / temperature)
  const likeliest = filter(scaled, ({ rank }) => topK === 0 || rank < topK)
  const nucleus = filter(likeliest, ({ above }) => above < topP)
  return softmax(filter(nucleus, ({ p, top }) => p >= minP * top))
}

function expectClose(actual: number[][], reference: number[][]) {
  expect(actual).toHaveLength(reference.length)
  for (const [row, values] of reference.entries())
    for (const [id, value] of values.entries()) expect(actual[row]?.[id]).toBeCloseTo(value, 5)
}

describe('filteredProbabilities', () => {
  it.each<Partial<Filters>>([
    {},
    { temperature: 0.7 },
    { topK: 5 },
    { topK: 100 },
    { topP: 0.6 },
    { topP: 0.01 },
    { minP: 0.05 },
    { minP: 1 },
    { temperature: 1.6, topK: 12, topP: 0.9, minP: 0.1 },
  ])('leaves what a plain filter leaves with %o', (part) => {
    const filters = { ...none, ...part }
    const actual = tf.tidy(() => filteredProbabilities(tf.tensor2d(rows), tensorsOf(filters)).arraySync() as number[][])
    const reference = rows.map((row) => expected(row, filters))
    expectClose(actual, reference)
    expect(actual.map((row) => row.map((p) => p > 0))).toEqual(reference.map((row) => row.map((p) => p > 0)))
  })
})

describe('penalizedLogits', () => {
  const prompts = [[3, 3, 9], [0, 29, 4], [7, 8, 9], [1, 2, 1]] // biome-ignore format: one row each
  const completions = [[9, 12], [4, 4], [0, 29], [5, 5]] // biome-ignore format: one row each
  const counts = (ids: number[][]) => tf.tensor2d(tokenCounts(ids.length, ids, vocabSize), [ids.length, vocabSize])
  const times = (ids: number[] | undefined, id: number) => ids?.filter((other) => other === id).length ?? 0

  it.each([
    { repetitionPenalty: 1, frequencyPenalty: 0 },
    { repetitionPenalty: 1.4, frequencyPenalty: 0 },
    { repetitionPenalty: 1, frequencyPenalty: 0.7 },
    { repetitionPenalty: 0.8, frequencyPenalty: -0.5 },
  ])('takes from tokens of the past what a plain loop takes with %o', (penalties) => {
    const actual = tf.tidy(() => {
      const past = { prompt: counts(prompts), completion: counts(completions) }
      return penalizedLogits(tf.tensor2d(rows), tensorsOf({ ...none, ...penalties }), past).arraySync() as number[][]
    })
    const { repetitionPenalty, frequencyPenalty } = penalties
    const reference = rows.map((row, i) =>
      row.map((logit, id) => {
        const seen = times(prompts[i], id) + times(completions[i], id) > 0
        const repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
        return (seen ? repeated : logit) - frequencyPenalty * times(completions[i], id)
      }),
    )
    expectClose(actual, reference)
  })

  it('counts nothing for rows without ids', () => {
    expect(Array.from(tokenCounts(3, [[2], [1, 1, 0]], 3))).toEqual([0, 0, 1, 1, 2, 0, 0, 0, 0])
  })
})
