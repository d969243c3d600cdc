import type { SampleRow } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { heldOutPairs } from './held-out-pairs.ts'
import { pairUp } from './pair-up.ts'

const sample = (prompt: string, ...texts: string[]): SampleRow => ({
  prompt: [{ role: 'user', content: prompt }],
  completions: texts.map((text) => ({ text, tokens: 1, endedProperly: text.endsWith('.') })),
})
const options = { pairs: 10, heldOut: 0, seed: 1 }

describe('pairUp', () => {
  it('takes the first pair of every prompt before any second one', () => {
    const { comparisons } = pairUp([sample('p', 'a', 'b', 'c', 'd'), sample('q', 'e', 'f', 'g', 'h')], options)
    expect(comparisons.map(({ completionA, completionB }) => completionA + completionB)).toEqual([
      'ab',
      'ef',
      'cd',
      'gh',
    ])
  })

  it('leaves completions out that are identical but for white space, and counts them', () => {
    const { comparisons, identical } = pairUp([sample('p', 'same', ' same'), sample('q', 'a', 'b')], options)
    expect([comparisons.length, identical]).toEqual([1, 1])
  })

  it('makes no more pairs than asked for', () => {
    const samples = ['p', 'q', 'r'].map((prompt) => sample(prompt, 'a', 'b'))
    expect(pairUp(samples, { ...options, pairs: 2 }).comparisons).toHaveLength(2)
  })

  it('says which completions ended by themselves', () => {
    expect(pairUp([sample('p', 'an end.', 'cut')], options).comparisons[0]).toMatchObject({
      endedA: true,
      endedB: false,
    })
  })

  it('keeps text that a database can hold', () => {
    expect(pairUp([sample('p', 'a\0b', 'c')], options).comparisons[0]?.completionA).toBe('a\uFFFDb')
  })
})

describe('heldOutPairs', () => {
  const prompts = Array.from({ length: 100 }, (_, index) => `prompt ${index >> 1}`)

  it('holds out the share asked for', () => {
    expect(heldOutPairs(prompts, 0.2, 1).filter(Boolean)).toHaveLength(20)
  })

  it('never splits a prompt', () => {
    const heldOut = heldOutPairs(prompts, 0.3, 1)
    expect(heldOut.filter((_, index) => index % 2 === 0)).toEqual(heldOut.filter((_, index) => index % 2 === 1))
  })

  it('chooses the same prompts in every version', () => {
    const heldOut = heldOutPairs(prompts, 0.1, 1)
    const chosen = ['prompt 6', 'prompt 9', 'prompt 15', 'prompt 18', 'prompt 43']
    expect(prompts.filter((_, index) => heldOut[index] && index % 2 === 0)).toEqual(chosen)
  })

  it('takes hundreds of thousands of prompts', () => {
    const many = Array.from({ length: 500_000 }, (_, index) => `prompt ${index}`)
    expect(heldOutPairs(many, 0.5, 1).filter(Boolean)).toHaveLength(250_000)
  })

  it('depends on the seed and on nothing else', () => {
    expect(heldOutPairs(prompts, 0.2, 1)).toEqual(heldOutPairs(prompts, 0.2, 1))
    expect(heldOutPairs(prompts, 0.2, 1)).not.toEqual(heldOutPairs(prompts, 0.2, 2))
  })
})
