import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Checkpoint, JobResult, StageType } from '@temper/db/contracts'
import { owningStore, pruneCheckpoints, registerCheckpoint, sharingStore, updateStage } from '@temper/db/queries'
import { putFolder } from '@temper/db/storage'
import { openSafetensors } from '@temper/engine/safetensors'
import { z } from 'zod'
import type { Dependencies, StageRef } from './dependencies.ts'

/** Where a checkpoint comes from. */
export interface Origin extends StageRef {
  stageType: StageType
  parents: string[]
  data: string[]
}

/** Checkpoints of a running stage that are kept: the newest, and one in case its bytes turn out bad. */
const keptWhileRunning = 2

/**
 * Makes a folder that the engine wrote durable: files first, then the row that says it exists. A checkpoint is
 * registered once, whoever retries. Older ones of the stage go.
 */
export async function storeCheckpoint(
  { db, store }: Dependencies,
  origin: Origin,
  saved: { dir: string; step: number; metrics: Record<string, number> },
): Promise<Checkpoint> {
  const description = await describeFolder(saved.dir)
  const checkpoint = await sharingStore(db, async () =>
    registerCheckpoint(db, {
      ...origin,
      ...description,
      kind: origin.stageType === 'reward' ? 'reward' : 'policy',
      step: saved.step,
      final: false,
      metrics: saved.metrics,
      files: await putFolder(store, saved.dir),
    }),
  )
  await updateStage(db, origin.runId, origin.stage, { checkpointId: checkpoint.id })
  await prune({ db, store }, origin, keptWhileRunning)
  return checkpoint
}

/** Marks a checkpoint as its stage's last, with the numbers of the stage's result, once the others are forgotten. */
export async function finishCheckpoints(deps: Dependencies, ref: StageRef, latest: Checkpoint, result: JobResult) {
  const numbers = Object.entries(result).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  const metrics = { ...latest.metrics, ...Object.fromEntries(numbers) }
  const { createdAt: _, releasedAs: __, sizeBytes: ___, ...fields } = latest
  await prune(deps, ref, 1)
  await registerCheckpoint(deps.db, { ...fields, metrics, final: true })
}

/** Nobody may add files while the ones that nothing names any more are removed. */
async function prune({ db, store }: Dependencies, { runId, stage }: StageRef, keep: number): Promise<void> {
  await owningStore(db, async () => {
    for (const sha256 of await pruneCheckpoints(db, runId, stage, keep)) await store.remove(sha256)
  })
}

const configSchema = z.looseObject({ model_type: z.string() })

/** Architecture and number of weights, read from the folder itself. */
export async function describeFolder(dir: string): Promise<{ architecture: string; parameters: number }> {
  const config = configSchema.parse(JSON.parse(await readFile(path.join(dir, 'config.json'), 'utf8')))
  const shards = (await readdir(dir)).filter((name) => /^model.*\.safetensors$/.test(name))
  const counts = await Promise.all(shards.map((name) => countWeights(path.join(dir, name))))
  return { architecture: config.model_type, parameters: counts.reduce((sum, count) => sum + count, 0) }
}

async function countWeights(file: string): Promise<number> {
  const weights = await openSafetensors(file)
  await weights.close()
  const sizes = Array.from(weights.tensors.values(), ({ shape }) => shape.reduce((product, n) => product * n, 1))
  return sizes.reduce((sum, size) => sum + size, 0)
}
