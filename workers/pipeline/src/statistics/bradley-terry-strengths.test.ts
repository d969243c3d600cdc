import { describe, expect, it } from 'vitest'
import { bradleyTerryStrengths, type Game } from './bradley-terry-strengths.ts'

const games = (a: number, b: number, wins: number, losses: number, ties = 0): Game[] => [
  ...Array.from({ length: wins }, (): Game => ({ players: [a, b], score: 1 })),
  ...Array.from({ length: losses }, (): Game => ({ players: [a, b], score: 0 })),
  ...Array.from({ length: ties }, (): Game => ({ players: [a, b], score: 0.5 })),
]

function expectClose(actual: number[], expected: number[]) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 9)
}

describe('bradleyTerryStrengths', () => {
  it('puts two players apart by the log-odds of a win', () => {
    expectClose(bradleyTerryStrengths(2, games(0, 1, 3, 1)), [Math.log(3) / 2, -Math.log(3) / 2])
  })

  it('adds log-odds along a chain', () => {
    // ln 3 and ln 2 apart: ln 6, ln 2, 0, less their mean.
    const strengths = bradleyTerryStrengths(3, [...games(0, 1, 3, 1), ...games(2, 1, 10, 20)])
    const mean = Math.log(12) / 3
    expectClose(strengths, [Math.log(6) - mean, Math.log(2) - mean, -mean])
  })

  it('settles a long chain', () => {
    const chain = Array.from({ length: 39 }, (_, i) => games(i + 1, i, 2, 1)).flat()
    const expected = Array.from({ length: 40 }, (_, i) => (i - 19.5) * Math.log(2))
    expectClose(bradleyTerryStrengths(40, chain), expected)
  })

  it('counts a tie as half a win for each', () => {
    expectClose(bradleyTerryStrengths(2, games(0, 1, 2, 0, 2)), [Math.log(3) / 2, -Math.log(3) / 2])
    expectClose(bradleyTerryStrengths(2, games(0, 1, 0, 0, 5)), [0, 0])
  })

  it('gives one player strength 0', () => {
    expect(bradleyTerryStrengths(1, [])).toEqual([0])
  })
})

describe('bradleyTerryStrengths refuses', () => {
  it.each([
    ['no votes', 2, [], 'none lead from 0 to 1'],
    ['a player who never loses', 2, games(1, 0, 3, 0), 'none lead from 0 to 1'],
    ['a player who never wins', 2, games(0, 1, 3, 0), 'none lead from 1 to 0'],
    ['groups that never meet', 4, [...games(0, 1, 1, 1), ...games(2, 3, 1, 1)], 'none lead from 0 to 2'],
    ['a player who is none of them', 2, games(0, 2, 1, 1), 'two of 2 players'],
    ['a player against itself', 2, games(1, 1, 1, 0), 'two of 2 players'],
    ['a score that is no share', 2, [{ players: [0, 1], score: 2 }] satisfies Game[], 'got 0, 1 and 2'],
  ])('%s', (_, playerCount, played, message) => {
    expect(() => bradleyTerryStrengths(playerCount, played)).toThrow(message)
  })
})
