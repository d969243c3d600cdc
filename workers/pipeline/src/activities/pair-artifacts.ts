import { type StageRun, TemperError } from '@temper/db/contracts'
import { z } from 'zod'

const resultSchema = z.looseObject({ pairsArtifact: z.string(), heldOutArtifact: z.string() })

/** Digests of the pairs a preferences stage exported, which it left in its result. */
export function pairArtifacts(stage: StageRun): { pairs: string; heldOut: string } {
  const result = resultSchema.safeParse(stage.result)
  if (!result.success) throw new TemperError('internal', `stage '${stage.name}' has exported no pairs`)
  return { pairs: result.data.pairsArtifact, heldOut: result.data.heldOutArtifact }
}
