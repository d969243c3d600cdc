import { describe, expect, it } from 'vitest'
import { type BeamSettings, Beams, type Continuation, continuationsOf } from './beams.ts'

const end = 9
const beams = (part: Partial<BeamSettings> = {}) => new Beams({ numBeams: 2, maxTokens: 4, stopIds: [end], ...part })
const next = (...rows: [beam: number, id: number, logp: number][]): Continuation[] =>
  rows.map(([beam, id, logp]) => ({ beam, id, logp }))
const idsOf = (sequences: readonly { ids: number[] }[]) => sequences.map(({ ids }) => ids)

describe('Beams', () => {
  it('begins with one beam that counts, so that the others differ from it', () => {
    expect(beams({ numBeams: 3 }).running.map(({ logp }) => logp)).toEqual([0, -1e9, -1e9])
  })

  it('asks for enough continuations that as many beams go on as before, whatever ends', () => {
    expect(continuationsOf({ numBeams: 3, maxTokens: 4, stopIds: [] })).toBe(6)
    expect(continuationsOf({ numBeams: 3, maxTokens: 4, stopIds: [7, 9, 9] })).toBe(9)
  })

  it('keeps what ended apart and goes on with the best of the rest', () => {
    const search = beams()
    search.advance(next([0, end, -1], [0, 3, -2], [0, 4, -3], [0, 5, -4]))
    expect(search.finished).toEqual([{ ids: [end], score: -1, stopped: true }])
    expect(search.running).toEqual([
      { ids: [3], logp: -2, parent: 0 },
      { ids: [4], logp: -3, parent: 0 },
    ])
    search.advance(next([1, 6, -3.5], [0, 7, -3.75], [0, 8, -4], [1, end, -5]))
    expect(search.running).toEqual([
      { ids: [4, 6], logp: -3.5, parent: 1 },
      { ids: [3, 7], logp: -3.75, parent: 0 },
    ])
  })

  it('drops an end that is not among the best', () => {
    const search = beams()
    search.advance(next([0, 3, -1], [0, 4, -2], [0, end, -3], [0, 5, -4]))
    expect(search.finished).toEqual([])
    expect(idsOf(search.running)).toEqual([[3], [4]])
  })

  it('cuts what still runs at the limit, and ranks all by score', () => {
    const search = beams({ maxTokens: 2 })
    search.advance(next([0, end, -3], [0, 3, -3.5], [0, 4, -4], [0, 5, -5]))
    search.advance(next([0, 6, -5], [1, end, -7], [1, 7, -8], [0, 8, -9]))
    expect(search.done).toBe(true)
    // −5 / 2 and −3 / 1; −7 / 2 is the third.
    expect(search.finished).toEqual([
      { ids: [3, 6], score: -2.5, stopped: false },
      { ids: [end], score: -3, stopped: true },
    ])
  })

  it('divides sums by length to the power of the penalty', () => {
    const search = beams({ maxTokens: 2, lengthPenalty: 2 })
    search.advance(next([0, 3, -3], [0, 4, -4], [0, 5, -5], [0, 6, -6]))
    search.advance(next([0, 6, -5], [1, end, -7], [1, 7, -8], [0, 8, -9]))
    expect(search.finished.map(({ score }) => score)).toEqual([-1.25, -1.75])
  })

  /** Two completions have ended, with scores −1 and −1.25; the best running beam has `logp` and two tokens of six. */
  function whenFull(logp: number, earlyStopping: BeamSettings['earlyStopping']): Beams {
    const search = beams({ maxTokens: 6, earlyStopping })
    search.advance(next([0, end, -1], [0, 3, -1.25], [0, 4, -1.5], [0, 5, -1.75]))
    search.advance(next([0, end, -2.5], [0, 6, logp], [1, 7, logp - 1], [1, 8, logp - 2]))
    expect(search.finished.map(({ score }) => score)).toEqual([-1, -1.25])
    return search
  }

  it('stops once enough have ended and what runs scores less', () => {
    expect(whenFull(-2.25, false).done).toBe(false)
    expect(whenFull(-2.75, false).done).toBe(true)
  })

  it('with early stopping ends as soon as enough have ended', () => {
    expect(whenFull(-2.25, true).done).toBe(true)
  })

  it('with `never` goes on while a longer completion could score more', () => {
    expect(whenFull(-2.75, 'never').done).toBe(false)
    expect(whenFull(-7.75, 'never').done).toBe(true)
  })
})
