import { describe, expect, it } from 'vitest'
import { randomInt } from '../random.ts'
import type { Sequence } from '../tokenizer/index.ts'
import { packGroups, promptGroup } from './prompt-groups.ts'

/** The first `prompt` ids are not trained. */
function sequence(ids: number[], prompt: number): Sequence {
  return { ids, lossMask: ids.map((_, i) => i >= prompt) }
}

describe('a group', () => {
  it('shares what all of its sequences begin with', () => {
    const group = (...all: number[][]) => promptGroup(all.map((ids) => sequence(ids, 1)))
    expect(group([1, 2, 3, 4], [1, 2, 5])).toMatchObject({ shared: 2, size: 5 })
    expect(group([1, 2], [1, 2, 5])).toMatchObject({ shared: 2, size: 3 })
    expect(group([1, 2], [3])).toMatchObject({ shared: 0, size: 3 })
    expect(group([7, 8, 9])).toMatchObject({ shared: 3, size: 3 })
  })
})

describe('packed groups', () => {
  it('hold a prompt once and both completions behind it, token by token', () => {
    const groups = [
      promptGroup([sequence([10, 11, 12, 13, 14], 3), sequence([10, 11, 12, 15], 3)]),
      promptGroup([sequence([20, 21], 1), sequence([30, 31], 1)]), // nothing shared
    ]
    expect(packGroups(groups, { rowTokens: 100 })).toEqual({
      rows: 1,
      rowLength: 10,
      ids: Int32Array.of(10, 11, 12, 13, 14, 15, 20, 21, 30, 31),
      positions: Int32Array.of(0, 1, 2, 3, 4, 3, 0, 1, 0, 1),
      segments: Int32Array.of(1, 1, 1, 2, 2, 3, 4, 4, 5, 5),
      parents: Int32Array.of(1, 1, 1, 1, 1, 1, 4, 4, 5, 5),
      lossPositions: Int32Array.of(2, 3, 2, 6, 8, 0, 0, 0), // 13 and 15 both follow the prompt
      targets: Int32Array.of(13, 14, 15, 21, 31, 0, 0, 0),
      weights: Float32Array.of(1, 1, 1, 1, 1, 0, 0, 0),
      sequenceOf: Int32Array.of(0, 0, 2, 1, 3, 0, 0, 0), // first sequences of all groups, then second ones
      lastPositions: Int32Array.of(4, 7, 5, 9, 0, 0, 0, 0),
      tokens: 10,
      lossTokens: 5,
      sequences: 4,
      dataRows: [],
    })
  })

  it('train a token that both sequences share once for each, also where one ends there', () => {
    const batch = packGroups([promptGroup([sequence([1, 2, 3], 1), sequence([1, 2], 1)])], { rowTokens: 100 })
    expect(Array.from(batch.ids.subarray(0, 4))).toEqual([1, 2, 3, 0])
    expect(
      [batch.lossPositions, batch.targets, batch.sequenceOf].map((list) => Array.from(list.subarray(0, 3))),
    ).toEqual([
      [0, 1, 0],
      [2, 3, 2],
      [0, 0, 1],
    ])
    expect(Array.from(batch.lastPositions.subarray(0, 2))).toEqual([2, 1])
  })

  it('lie in few rows, all about as full, each once, and always alike', () => {
    const groups = Array.from({ length: 40 }, (_, i) =>
      promptGroup([sequence(Array(20 + randomInt(200, 1, i)).fill(i + 1), 1)]),
    )
    const batch = packGroups(groups, { rowTokens: 1024 })
    const total = groups.reduce((sum, { size }) => sum + size, 0)
    expect(batch.rows).toBe(Math.ceil(total / 1024))
    expect(batch.tokens).toBe(total)
    expect(total / batch.ids.length).toBeGreaterThan(0.8)
    expect(groups.map((_, i) => batch.ids[batch.lastPositions[i] ?? -1])).toEqual(groups.map((_, i) => i + 1))
    expect(packGroups(groups, { rowTokens: 1024 })).toEqual(batch)
  })

  it('get a longer row where one alone needs it', () => {
    const long = promptGroup([sequence(Array(90).fill(5), 1)])
    expect(packGroups([long], { rowTokens: 16 })).toMatchObject({ rowLength: 96, tokens: 90 })
  })
})
