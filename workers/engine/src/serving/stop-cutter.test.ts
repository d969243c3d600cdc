import { describe, expect, it } from 'vitest'
import { random, randomInt } from '../random.ts'
import { StopCutter } from './stop-cutter.ts'

/** The text before the stop text that begins first, without any state. */
function cut(text: string, stops: readonly string[]): string {
  const places = stops.map((stop) => text.indexOf(stop)).filter((at) => at !== -1)
  return text.slice(0, Math.min(...places))
}

function stream(pieces: readonly string[], stops: readonly string[]) {
  const cutter = new StopCutter(stops)
  const parts = pieces.map((piece) => cutter.push(piece))
  return { parts: [...parts, cutter.end()], stopped: cutter.stopped }
}

/** Few characters, so that stop texts overlap, repeat and nearly occur. */
const letters = ['a', 'b', '🙂', '\n']
const word = (length: number, ...counters: number[]) =>
  Array.from({ length }, (_, i) => letters[randomInt(letters.length, 1, ...counters, i)]).join('')

/** Whole characters a piece, some pieces empty. */
function piecesOf(text: string, seed: number): string[] {
  const pieces = ['']
  for (const [i, character] of [...text].entries()) {
    while (random(2, seed, i, pieces.length) < 0.4) pieces.push('')
    pieces.push(`${pieces.pop()}${character}`)
  }
  return pieces
}

describe('StopCutter', () => {
  it('gives the text before the first stop text, however it comes in pieces', () => {
    let stopped = 0
    for (let seed = 0; seed < 5000; seed++) {
      const text = word(randomInt(24, 3, seed), 4, seed)
      const stops = Array.from({ length: randomInt(5, 5, seed) }, (_, i) =>
        word(1 + randomInt(5, 6, seed, i), 7, seed, i),
      )
      const streamed = stream(piecesOf(text, seed), stops)
      const expected = cut(text, stops)
      expect(streamed, JSON.stringify({ text, stops })).toMatchObject({ stopped: expected !== text })
      expect(streamed.parts.join('')).toBe(expected)
      expect(streamed.parts.every((part) => !/\p{Surrogate}/u.test(part))).toBe(true)
      if (streamed.stopped) stopped++
    }
    expect(stopped).toBeGreaterThan(1000)
    expect(stopped).toBeLessThan(4000)
  })

  it('holds back no more than what may begin a stop text', () => {
    expect(stream(['one', ' E', 'N', 'd', ' END', ' two'], ['END']).parts).toEqual(['one', ' ', '', 'ENd', ' ', '', ''])
    expect(stream(['one', ' two'], []).parts).toEqual(['one', ' two', ''])
  })

  it('waits for a longer stop text that began before a whole one', () => {
    expect(stream(['xab', 'c', 'd'], ['abcd', 'bc'])).toEqual({ parts: ['x', '', '', ''], stopped: true })
    expect(stream(['xab', 'c', 'e'], ['abcd', 'bc'])).toEqual({ parts: ['x', '', 'a', ''], stopped: true })
    expect(stream(['xab', 'c'], ['abcd', 'bc'])).toEqual({ parts: ['x', '', 'a'], stopped: true })
  })

  it('reads half a character in a stop text as the replacement character', () => {
    expect(stream(['a🙂', 'b\uFFFDc'], ['\uDE42', '\uD83D'])).toEqual({ parts: ['a🙂', 'b', ''], stopped: true })
  })
})
