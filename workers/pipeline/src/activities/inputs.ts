import path from 'node:path'
import { type Recipe, TemperError } from '@temper/db/contracts'
import { getCheckpoint, getDataset, getStage, type RunRecord } from '@temper/db/queries'
import type { EngineDependencies } from './dependencies.ts'
import { exists, localCheckpoint } from './local-checkpoint.ts'
import { pairArtifacts } from './pair-artifacts.ts'

/** Local files of what a stage reads, made when first asked for. Paths depend on content alone, so segments agree on them. */
export interface Inputs {
  /** Folder of the checkpoint that a stage made, or of the model that the recipe begins with. */
  checkpoint(stage: string): Promise<string>
  /** JSONL of a data source. */
  data(name: string): Promise<string>
  /** JSONL of the judged pairs of a preferences stage. */
  pairs(stage: string): Promise<{ pairs: string; heldOut: string }>
}

export function createInputs(deps: EngineDependencies, run: RunRecord, datasets: Record<string, string>): Inputs {
  const artifact = async (sha256: string) => {
    const file = path.join(deps.scratchDir, 'artifacts', `${sha256}.jsonl`)
    if (!(await exists(file))) await deps.store.materialize(sha256, file)
    return file
  }
  return {
    async checkpoint(stage) {
      return localCheckpoint(deps, await getCheckpoint(deps.db, await checkpointOf(deps, run, stage)))
    },
    async data(name) {
      const dataset = datasets[name]
      if (dataset === undefined) throw new TemperError('internal', `the plan of the run has no data source '${name}'`)
      return artifact((await getDataset(deps.db, dataset)).sha256)
    },
    async pairs(stage) {
      const { pairs, heldOut } = pairArtifacts(await getStage(deps.db, run.id, stage))
      return { pairs: await artifact(pairs), heldOut: await artifact(heldOut) }
    },
  }
}

/** Id of the checkpoint that a stage made, or that the recipe begins with. */
export async function checkpointOf({ db }: Pick<EngineDependencies, 'db'>, run: RunRecord, stage: string) {
  const id = stage === 'model' ? startOf(run.recipe) : (await getStage(db, run.id, stage)).checkpointId
  if (id !== null) return id
  const source = stage === 'model' ? 'the model of the recipe' : `stage '${stage}'`
  throw new TemperError('invalid_recipe', `${source} has no checkpoint to start from`, { details: { stage } })
}

function startOf({ model }: Recipe): string | null {
  return 'checkpoint' in model ? model.checkpoint : null
}
