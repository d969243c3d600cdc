import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { type Checkpoint, type JobOf, referenceFreeLosses, type TrainingJob } from '@temper/db/contracts'
import {
  findReferenceLogps,
  getCheckpoint,
  getStage,
  keepReferenceLogps,
  type RunRecord,
  sharingStore,
} from '@temper/db/queries'
import type { Origin } from './checkpoints.ts'
import type { Dependencies, EngineDependencies } from './dependencies.ts'
import { exists } from './local-checkpoint.ts'
import { pairArtifacts } from './pair-artifacts.ts'
import { stageOf } from './training-job.ts'

type DpoSettings = JobOf<'dpo'>['settings']

/** Settings that do not touch what the policy says before the first step. Any other, also one to come, does. */
const later = new Set<string>([
  ...['epochs', 'loss', 'beta', 'labelSmoothing', 'simpoGamma', 'lengthNormalize', 'sftWeight'],
  ...['desirableWeight', 'undesirableWeight', 'targetMargin', 'evaluateEverySteps', 'gradientAccumulation'],
  ...['learningRate', 'schedule', 'minLearningRateRatio', 'warmupRatio', 'beta1', 'beta2', 'epsilon', 'weightDecay'],
  ...['maxGradNorm', 'checkpointEverySteps', 'samplePrompts', 'sampleEverySteps'],
])

/** Files of a checkpoint that say where it comes from, and nothing of its weights, tokenizer and template. */
const aside = /^(resume\/|temper\.json$|manifest\.json$|generation_config\.json$)/

/** What log-probs of a reference are a function of. */
export interface ReferenceSource {
  pairs: string
  heldOut: string
  files: Pick<Checkpoint['files'][number], 'path' | 'sha256'>[]
  settings: DpoSettings
}

/**
 * Names log-probs of a reference by data, model, tokenizer, template and the settings that decide their bits, so that a
 * stage has the same numbers whether or not it found them.
 */
export function referenceKey({ pairs, heldOut, files, settings }: ReferenceSource): string {
  const model = files.filter((file) => !aside.test(file.path)).map((file) => [file.path, file.sha256])
  const decisive = Object.entries(settings).filter(([name]) => !later.has(name))
  const single = settings.loss === 'kto'
  const parts = { pairs, heldOut, model: model.sort(), settings: Object.fromEntries(decisive.sort()), single }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** The key of a stage's reference; undefined where it has none. */
export async function referenceKeyOf({ db }: Dependencies, run: RunRecord, origin: Origin, job: TrainingJob) {
  const spec = stageOf(run, origin.stage)
  if (job.type !== 'dpo' || spec.type !== 'dpo') return undefined
  if (referenceFreeLosses.some((loss) => loss === spec.loss)) return undefined
  const { files } = await getCheckpoint(db, origin.parents[0] ?? '')
  const pairs = pairArtifacts(await getStage(db, run.id, spec.preferences))
  return referenceKey({ ...pairs, files, settings: job.settings })
}

/** A local file with the log-probs that some stage kept under the key. */
export async function knownReference(deps: EngineDependencies, key: string): Promise<string | undefined> {
  const sha256 = await findReferenceLogps(deps.db, key)
  if (sha256 === undefined) return undefined
  const file = path.join(deps.scratchDir, 'artifacts', `${sha256}.safetensors`)
  if (!(await exists(file))) await deps.store.materialize(sha256, file)
  return file
}

export async function keepReference({ db, store }: Dependencies, key: string, file: string): Promise<void> {
  await sharingStore(db, async () => {
    const { sha256 } = await store.put(createReadStream(file))
    await keepReferenceLogps(db, key, sha256)
  })
}
