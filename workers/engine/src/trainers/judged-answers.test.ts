import type { PreferenceRow } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { createTokenizer, trainBpe } from '../tokenizer/index.ts'
import { judgedAnswers } from './judged-answers.ts'
import type { Pair } from './pairs.ts'

const tokenizer = createTokenizer(trainBpe(['abc'], { vocabSize: 261 }))

function row(prompt: string, chosen: string, rejected: string, vote: Partial<PreferenceRow> = {}): PreferenceRow {
  return {
    prompt: [{ role: 'user', content: prompt }],
    ...{ chosen, rejected, tie: false, bothBad: false, strength: 1, chosenEnded: true, rejectedEnded: true, ...vote },
  }
}

/** `p: a | c`: the answer of a prompt, and the mismatched one beside it. */
function shown({ chosen, rejected, desirable }: Pair): string {
  const [own, other] = [chosen, rejected].map(({ ids, lossMask }) => {
    const part = (trained: boolean) =>
      tokenizer.decode(
        ids.filter((_, i) => lossMask[i] === trained),
        { skipSpecialTokens: true },
      )
    return { prompt: part(false), answer: part(true) }
  })
  expect(other?.prompt).toBe(own?.prompt)
  return `${own?.prompt}: ${own?.answer} | ${other?.answer} ${desirable ? '+' : '-'}`
}

describe('judgedAnswers', () => {
  it('takes chosen answers as desirable, and rejected ones and both of two bad ones as not', () => {
    const rows = [row('p', 'a', 'b'), row('q', 'c', 'd'), row('r', 'e', 'f', { tie: true, bothBad: true })]
    expect(judgedAnswers(rows, tokenizer, 64).map(shown)).toEqual([
      'p: a | f +',
      'q: c | a +',
      'p: b | c -',
      'q: d | b -',
      'r: e | d -',
      'r: f | d -',
    ])
  })

  it('cuts an answer for its own length, whatever stands beside it', () => {
    const [answer] = judgedAnswers([row('abcdef', 'a', 'b'), row('q', 'c', 'a'.repeat(20))], tokenizer, 12)
    expect(tokenizer.decode(answer?.chosen.ids ?? [])).toBe('<|user|>abcdef<|end|><|assistant|>a<|end|>')
    expect(answer?.rejected.ids).toHaveLength(12)
  })

  it('gives nothing for a tie', () => {
    const rows = [row('p', 'a', 'b'), row('q', 'c', 'd'), row('r', 'e', 'f', { tie: true })]
    expect(judgedAnswers(rows, tokenizer, 64)).toHaveLength(4)
  })

  it('refuses answers to one prompt alone, which leave nothing to be mismatched with', () => {
    expect(() => judgedAnswers([row('p', 'a', 'b'), row('p', 'c', 'd')], tokenizer, 64)).toThrow(
      "the loss 'kto' needs answers to at least two prompts; all 4 answer one",
    )
  })
})
