import { grpoAdvantages, rlooAdvantages } from '@temper/engine/losses'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const grid = z.array(z.array(z.number()))
const schema = z.object({ rewards: grid, grpo: grid, rloo: grid })

/** Advantages within groups, a row each. */
export function checkGroups(json: unknown): Checks {
  const { rewards, grpo, rloo } = schema.parse(json)
  const checks = new Checks()
  checks.absolute('GRPO', rewards.flatMap(grpoAdvantages), grpo.flat(), tolerances.float64)
  checks.absolute('RLOO', rewards.flatMap(rlooAdvantages), rloo.flat(), tolerances.float64)
  return checks
}
