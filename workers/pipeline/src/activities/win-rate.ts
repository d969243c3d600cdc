import type { WinRate } from '@temper/db/contracts'

export type Verdict = 'win' | 'loss' | 'tie'

/** 95 % of a standard normal lies within this many deviations. */
const z95 = 1.959963984540054

/** Share of wins with ties as halves, and its 95 % interval (Wilson, 1927). Throws for no verdict at all. */
export function winRate(verdicts: Verdict[]): Pick<WinRate, 'rate' | 'low' | 'high' | 'wins' | 'losses' | 'ties'> {
  const n = verdicts.length
  if (n === 0) throw new RangeError('a win-rate needs at least one verdict')
  const count = (verdict: Verdict) => verdicts.filter((other) => other === verdict).length
  const [wins, losses, ties] = [count('win'), count('loss'), count('tie')]
  const rate = (wins + ties / 2) / n
  const center = (rate + z95 ** 2 / (2 * n)) / (1 + z95 ** 2 / n)
  const half = (z95 / (1 + z95 ** 2 / n)) * Math.sqrt((rate * (1 - rate)) / n + z95 ** 2 / (4 * n ** 2))
  return { rate, low: Math.max(0, center - half), high: Math.min(1, center + half), wins, losses, ties }
}
