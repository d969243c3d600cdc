import { chinchillaLoss, trainingFlops } from '@temper/engine/planning'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const schema = z.object({
  law: z.object({ E: z.number(), A: z.number(), B: z.number(), alpha: z.number(), beta: z.number() }),
  points: z.array(z.object({ N: z.number(), D: z.number(), flops: z.number(), loss: z.number() })),
})

/** Loss and operations that Chinchilla's law gives for models and token counts. */
export function checkChinchilla(json: unknown): Checks {
  const { law, points } = schema.parse(json)
  const sizes = points.map(({ N, D }) => ({ parameters: N, tokens: D }))
  const losses = sizes.map((size) => chinchillaLoss(law, size))
  const checks = new Checks()
  checks.absolute(
    'loss',
    losses,
    points.map(({ loss }) => loss),
    tolerances.float64,
  )
  checks.relative(
    'FLOPs',
    sizes.map(trainingFlops),
    points.map(({ flops }) => flops),
    tolerances.float64,
  )
  return checks
}
