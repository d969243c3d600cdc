import { TemperError } from '@temper/db/contracts'

export interface Game {
  /** Numbers of the two players, from 0. */
  players: readonly [number, number]
  /** What the first one won: 1, 0, or 0.5 for a tie. */
  score: number
}

const settledAt = 1e-12
const maxSweeps = 100_000

/**
 * Most likely log-strengths, of mean 0, where a beats b with probability σ(a − b) (Bradley and Terry, 1952) and a tie
 * is half a win for each. Found by the iteration of Newman (2023), player by player.
 * @throws TemperError invalid_input for games of no such players, and where no finite strengths are most likely: wins
 * and ties must lead from every player to every other
 */
export function bradleyTerryStrengths(playerCount: number, games: readonly Game[]): number[] {
  const wins = winTable(playerCount, games)
  requireConnected(wins)
  if (playerCount === 1) return [0]
  const strengths = new Array<number>(playerCount).fill(1)
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    if (improve(strengths, wins) < settledAt) return centredLogs(strengths)
  }
  throw new TemperError('internal', `strengths of ${playerCount} players have not settled after ${maxSweeps} sweeps`)
}

/** One sweep, in place. Returns the largest step of a log-strength. */
function improve(strengths: number[], wins: number[][]): number {
  let largest = 0
  for (const [a, strength] of strengths.entries()) {
    let [won, lost] = [0, 0]
    for (const [b, other] of strengths.entries()) {
      won += (at(wins, a, b) * other) / (strength + other)
      lost += at(wins, b, a) / (strength + other)
    }
    strengths[a] = won / lost
    largest = Math.max(largest, Math.abs(Math.log(won / lost / strength)))
  }
  return largest
}

function centredLogs(strengths: number[]): number[] {
  const logs = strengths.map(Math.log)
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  return logs.map((log) => log - mean)
}

/** wins[a][b]: how often a beat b, ties as halves. */
function winTable(playerCount: number, games: readonly Game[]): number[][] {
  const wins = Array.from({ length: playerCount }, () => new Array<number>(playerCount).fill(0))
  for (const { players, score } of games) {
    const [a, b] = players
    const [ofA, ofB] = [wins[a], wins[b]]
    if (!ofA || !ofB || a === b || !(score >= 0 && score <= 1)) {
      const rule = `a game needs two of ${playerCount} players and a score from 0 to 1`
      throw new TemperError('invalid_input', `${rule}, got ${a}, ${b} and ${score}`)
    }
    ofA[b] = at(wins, a, b) + score
    ofB[a] = at(wins, b, a) + 1 - score
  }
  return wins
}

/** Whoever is never beaten, alone or as a group, would be infinitely strong (Ford, 1957). */
function requireConnected(wins: number[][]): void {
  const below = reachedFromFirst(wins.length, (a, b) => at(wins, a, b) > 0)
  const above = reachedFromFirst(wins.length, (a, b) => at(wins, b, a) > 0)
  for (const player of wins.keys()) {
    if (below.has(player) && above.has(player)) continue
    const [winner, loser] = below.has(player) ? [player, 0] : [0, player]
    const rule = 'strengths need wins or ties that lead from every player to every other'
    throw new TemperError('invalid_input', `${rule}; none lead from ${winner} to ${loser}`)
  }
}

function reachedFromFirst(playerCount: number, leads: (a: number, b: number) => boolean): Set<number> {
  const reached = new Set([0])
  for (const a of reached) {
    for (let b = 0; b < playerCount; b++) if (leads(a, b)) reached.add(b)
  }
  return reached
}

function at(table: number[][], row: number, column: number): number {
  return table[row]?.[column] ?? Number.NaN
}
