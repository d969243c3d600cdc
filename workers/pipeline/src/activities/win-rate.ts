import type { Verdict, WinRate } from '@temper/db/contracts'
import { wilsonInterval } from '@temper/engine/statistics'

/** Share of wins with ties as halves, and its 95 % interval (Wilson, 1927). Throws for no verdict at all. */
export function winRate(verdicts: Verdict[]): Pick<WinRate, 'rate' | 'low' | 'high' | 'wins' | 'losses' | 'ties'> {
  const n = verdicts.length
  if (n === 0) throw new RangeError('a win-rate needs at least one verdict')
  const count = (verdict: Verdict) => verdicts.filter((other) => other === verdict).length
  const [wins, losses, ties] = [count('win'), count('loss'), count('tie')]
  const rate = (wins + ties / 2) / n
  return { rate, ...wilsonInterval(rate, n), wins, losses, ties }
}
