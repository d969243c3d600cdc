import type { EngineEvent } from '@temper/db/contracts'
import { type TasteName, tastes } from '../simulation/index.ts'

type Samples = Extract<EngineEvent, { type: 'samples' }>['samples']

/** Mean score of a step's completions by a stated taste. */
export function meanTrueScore(taste: TasteName, samples: Samples): number {
  const scores = samples.map(({ prompt, completion, endedProperly }) =>
    tastes[taste].score(prompt, { text: completion, endedProperly }),
  )
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}
