import { type Checkpoint, TemperError } from '@temper/db/contracts'
import { findCheckpoint, listCheckpoints } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'

/** As many as a list shows; what is older is still answered by its id. */
const limit = 200

export interface ServedModel {
  /** Under which it was asked for. */
  id: string
  checkpoint: Checkpoint
}

/** Policies that can answer: by name the newest of each, and all by id. */
export async function listModels({ db }: Pick<Dependencies, 'db'>): Promise<ServedModel[]> {
  const { items } = await listCheckpoints(db, { kind: 'policy', limit })
  const named = new Map<string, Checkpoint>()
  for (const checkpoint of items) {
    const name = checkpoint.releasedAs
    if (name !== null && !named.has(name)) named.set(name, checkpoint)
  }
  return [
    ...Array.from(named, ([id, checkpoint]) => ({ id, checkpoint })),
    ...items.map((checkpoint) => ({ id: checkpoint.id, checkpoint })),
  ]
}

/** @throws TemperError not_found, and invalid_input for a reward model */
export async function findModel({ db }: Pick<Dependencies, 'db'>, id: string): Promise<ServedModel> {
  const checkpoint = await findCheckpoint(db, id)
  if (checkpoint === undefined) {
    const details = { param: 'model', code: 'model_not_found' }
    throw new TemperError('not_found', `there is no model '${id}'`, { details })
  }
  if (checkpoint.kind === 'policy') return { id, checkpoint }
  const details = { param: 'model' }
  throw new TemperError('invalid_input', `'${id}' is a ${checkpoint.kind} model: it writes no text`, { details })
}
