import { isTimed } from '@temper/db/contracts'
import { type Db, getCheckpoint, getRun, listEvaluations, readMetrics } from '@temper/db/queries'

/** Everything about a run that must not depend on what happened on the way: no ids, no times. */
export async function numbersOf(db: Db, runId: string) {
  const points = await readMetrics(db, runId)
  const { stages } = await getRun(db, runId)
  const weights: Record<string, string | undefined> = {}
  for (const { name, checkpointId } of stages) {
    if (checkpointId === null) continue
    const { files } = await getCheckpoint(db, checkpointId)
    weights[name] = files.find(({ path }) => path === 'model.safetensors')?.sha256
  }
  const evaluations = (await listEvaluations(db, runId)).map(({ baseline, candidates }) => ({ baseline, candidates }))
  return { weights, evaluations, metrics: points.filter(({ name }) => !isTimed(name)) }
}
