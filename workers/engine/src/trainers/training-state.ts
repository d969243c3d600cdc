import { type Lineage, type StageType, TemperError, type TrainingJob } from '@temper/db/contracts'
import { readResumeState, writeCheckpoint } from '../checkpoint/index.ts'
import type { Model } from '../models/index.ts'
import type { Program, Values } from '../tracing/index.ts'

/** What a stage's checkpoints have in common. */
export interface CheckpointParts {
  kind: Lineage['kind']
  stageType: StageType
  origin?: TrainingJob['origin']
  /** Folder whose tokenizer files belong to the checkpoint. */
  tokenizerDir: string
  generationConfig: Record<string, unknown>
}

export interface TrainingState extends CheckpointParts {
  program: Program
  model: Model
  /** Role whose weights are the checkpoint. */
  role: string
  step: number
  metrics: Record<string, number>
  rewardNormalization?: Lineage['rewardNormalization']
  /** Further variables without which the next step would differ: moments, a value model. */
  stateNames: readonly string[]
  /** Further values that live outside the program. */
  tensors?: Record<string, Float32Array>
  state: Record<string, unknown>
}

/** Writes the checkpoint of a training stage: Hugging Face files, and a `resume/` part that continues it bit for bit. */
export async function saveTraining(dir: string, training: TrainingState): Promise<void> {
  const { program, model, role, origin, kind, stageType, step, metrics, rewardNormalization, stateNames, state } =
    training
  const weights = await program.read(Object.keys(model.parameterShapes).map((name) => `${role}/${name}`))
  const moments = await program.read(stateNames)
  const tensors = Object.fromEntries(
    Object.entries(moments).map(([name, data]) => [name, { shape: program.shapeOf(name), data }]),
  )
  for (const [name, data] of Object.entries(training.tensors ?? {})) tensors[name] = { shape: [data.length], data }
  await writeCheckpoint(dir, {
    model,
    tensors: withoutRole(weights, role),
    lineage: { format: 1, ...origin, kind, stageType, step, metrics, rewardNormalization },
    generationConfig: training.generationConfig,
    tokenizerDir: training.tokenizerDir,
    resume: { tensors, state },
  })
}

/** Puts what `saveTraining` kept beside the weights back into a program; returns the rest and the plain state. */
export async function restoreTraining(dir: string, program: Program, stateNames: readonly string[]) {
  const { tensors, state } = await readResumeState(dir)
  const missing = stateNames.filter((name) => !tensors[name])
  if (missing.length > 0) {
    throw new TemperError('invalid_checkpoint', `${dir} cannot be resumed: its state lacks ${missing.join(', ')}`)
  }
  const values = Object.entries(tensors).map(([name, { data }]) => [name, data as Values] as const)
  await program.write(Object.fromEntries(values.filter(([name]) => stateNames.includes(name))))
  return { state, tensors: Object.fromEntries(values.filter(([name]) => !stateNames.includes(name))) }
}

function withoutRole(values: Record<string, Values>, role: string): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name.slice(role.length + 1), data as Float32Array]),
  )
}
