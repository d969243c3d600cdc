import { bradleyTerryLoss } from '@temper/engine/losses'
import { TracedProgram } from '@temper/engine/tracing'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const schema = z.object({
  chosen: z.array(z.number()),
  rejected: z.array(z.number()),
  margin: z.array(z.number()),
  loss: z.number(),
  loss_margin: z.number(),
  loss_centered_001: z.number(),
  accuracy: z.number(),
})

/** Bradley-Terry losses: plain, with margins, centred; and accuracy. */
export async function checkRewardModel(json: unknown): Promise<Checks> {
  const reference = schema.parse(json)
  const program = new TracedProgram()
  const list = { shape: [reference.chosen.length], dtype: 'float32' as const }
  const inputs = { chosen: list, rejected: list, margin: list, weights: list }
  const run = program.define('reward', { inputs }, (_variables, { margin, ...pairs }) => {
    const mean = ({ lossSum, denominator }: ReturnType<typeof bradleyTerryLoss>) => lossSum.div(denominator)
    return {
      loss: mean(bradleyTerryLoss(pairs)),
      withMargin: mean(bradleyTerryLoss({ ...pairs, margin })),
      centered: mean(bradleyTerryLoss(pairs, { centerRewardsCoefficient: 0.01 })),
      accuracy: pairs.chosen.greater(pairs.rejected).cast('float32').mean(),
    }
  })
  const out = await run({
    chosen: Float32Array.from(reference.chosen),
    rejected: Float32Array.from(reference.rejected),
    margin: Float32Array.from(reference.margin),
    weights: new Float32Array(reference.chosen.length).fill(1),
  })
  program.close()
  const checks = new Checks()
  checks.absolute('loss', out.loss.data, [reference.loss], tolerances.rl)
  checks.absolute('loss with margin', out.withMargin.data, [reference.loss_margin], tolerances.rl)
  checks.absolute('centred loss', out.centered.data, [reference.loss_centered_001], tolerances.rl)
  checks.absolute('accuracy', out.accuracy.data, [reference.accuracy], tolerances.rl)
  return checks
}
