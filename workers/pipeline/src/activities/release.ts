import { TemperError } from '@temper/db/contracts'
import { appendEvent, getRun, listEvaluations, releaseCheckpoint, updateStage } from '@temper/db/queries'
import type { StageInput } from '../workflows/stage-input.ts'
import type { Dependencies } from './dependencies.ts'
import { checkpointOf } from './inputs.ts'
import { stageOf } from './training-job.ts'

export function createReleaseActivities(deps: Dependencies) {
  const { db } = deps
  return {
    /** Lists the checkpoint of a stage under a name. Throws `gate_failed` where its win-rate is too low. */
    async releaseCheckpoint({ runId, stage }: StageInput): Promise<void> {
      const run = await getRun(db, runId)
      const spec = stageOf(run, stage)
      if (spec.type !== 'release') throw new TemperError('internal', `stage '${stage}' is no release stage`)
      if (spec.minWinRate !== undefined) await requireWinRate(deps, runId, spec.from, spec.after, spec.minWinRate)
      const id = await checkpointOf(deps, run, spec.from)
      await releaseCheckpoint(db, id, spec.name)
      const status = `Released as ${spec.name}`
      await updateStage(db, runId, stage, { checkpointId: id, status, result: { checkpoint: id, name: spec.name } })
      await appendEvent(db, {
        runId,
        stage,
        kind: 'stage',
        message: status,
        data: { checkpoint: id },
        key: `${stage}:released`,
      })
    },
  }
}

async function requireWinRate({ db }: Dependencies, runId: string, from: string, after: string[], minimum: number) {
  const evaluations = (await listEvaluations(db, runId)).filter(({ stage }) => after.includes(stage))
  const rates = evaluations.flatMap(({ stage, candidates }) => {
    const rate = candidates[from]?.rate
    return rate === undefined ? [] : [{ stage, rate }]
  })
  if (rates.length === 0) {
    const message = `minWinRate needs an evaluation of '${from}' among the stages in \`after\``
    throw new TemperError('invalid_recipe', message, { details: { from, after } })
  }
  for (const { stage, rate } of rates) {
    if (rate >= minimum) continue
    const message = `'${from}' wins ${rate.toFixed(3)} in '${stage}', the gate asks for ${minimum}`
    throw new TemperError('gate_failed', message, { details: { stage, rate, minimum } })
  }
}
