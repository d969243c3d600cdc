import type { JobResult } from '@temper/db/contracts'
import { latestCheckpoint, updateStage } from '@temper/db/queries'
import { finishCheckpoints } from './checkpoints.ts'
import type { Dependencies, StageRef } from './dependencies.ts'

/**
 * Writes what a training stage came to. The final checkpoint comes last: an attempt that finds one has nothing left to
 * do, and one that was lost before it does all of this again.
 */
export async function finishStage(
  deps: Dependencies,
  ref: StageRef,
  { step, result }: { step: number; result: JobResult },
): Promise<void> {
  const latest = await latestCheckpoint(deps.db, ref.runId, ref.stage)
  await updateStage(deps.db, ref.runId, ref.stage, {
    checkpointId: latest?.id ?? null,
    result,
    step,
    totalSteps: step,
    status: `Done after ${step} steps`,
  })
  if (latest) await finishCheckpoints(deps, ref, latest, result)
}
