import { bradleyTerryStrengths } from '@temper/pipeline/statistics'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const schema = z.object({
  players: z.number(),
  games: z.array(z.tuple([z.number(), z.number(), z.number()])),
  log_strengths_zero_mean: z.array(z.number()),
})

/** Strengths of players from games of two, ties among them. */
export function checkBradleyTerry(json: unknown): Checks {
  const { players, games, log_strengths_zero_mean: expected } = schema.parse(json)
  const played = games.map(([first, second, score]) => ({ players: [first, second] as const, score }))
  const checks = new Checks()
  checks.absolute('log-strengths', bradleyTerryStrengths(players, played), expected, tolerances.float64)
  return checks
}
