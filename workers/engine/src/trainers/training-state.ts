import { type Lineage, type StageType, TemperError, type TrainingJob } from '@temper/db/contracts'
import { readResumeState, writeCheckpoint } from '../checkpoint/index.ts'
import type { Model } from '../models/index.ts'
import type { Program, Values } from '../tracing/index.ts'
import type { Start } from './start.ts'
import type { MetricValues } from './trainer.ts'
import type { Updater } from './updater.ts'

/** What a stage's checkpoints have in common. */
export interface CheckpointParts {
  kind: Lineage['kind']
  stageType: StageType
  origin?: TrainingJob['origin']
  /** Folder whose tokenizer files belong to the checkpoint. */
  tokenizerDir: string
  generationConfig: Record<string, unknown>
}

export function checkpointParts(job: TrainingJob, { tokenizerDir, generationConfig }: Start): CheckpointParts {
  const kind = job.type === 'reward' ? 'reward' : 'policy'
  return { kind, stageType: job.type, origin: job.origin, tokenizerDir, generationConfig }
}

export interface TrainingParts {
  program: Program
  model: Model
  /** Role whose weights are the checkpoint. */
  role: string
  checkpoint: CheckpointParts
  updater: Updater
  /** Variables beside its moments without which the next step would differ: a value model. */
  stateNames?: readonly string[]
}

/** What a trainer keeps between steps outside the program. */
export interface Kept {
  state: Record<string, unknown>
  tensors: Record<string, Values>
}

/** How far a stage is, and its checkpoints: Hugging Face files, and a `resume/` part that continues it bit for bit. */
export class TrainingState {
  step = 0
  /** Of the last step. */
  metrics: MetricValues = {}
  readonly #parts: TrainingParts

  constructor(parts: TrainingParts) {
    this.#parts = parts
  }

  /** Makes the optimizer's moments; of a checkpoint, reads them and returns what the trainer kept. */
  async prepare(resumeFrom?: string): Promise<Kept | undefined> {
    await this.#parts.updater.addVariables()
    return resumeFrom === undefined ? undefined : this.#restore(resumeFrom)
  }

  async save(dir: string, kept: Partial<Kept> & Pick<Lineage, 'rewardNormalization'> = {}): Promise<void> {
    const { program, model, role, checkpoint } = this.#parts
    const { origin, kind, stageType, tokenizerDir, generationConfig } = checkpoint
    const { step, metrics } = this
    const weights = await program.read(Object.keys(model.parameterShapes).map((name) => `${role}/${name}`))
    const variables = await program.read(this.#stateNames)
    const tensors = Object.fromEntries(
      Object.entries(variables).map(([name, data]) => [name, { shape: program.shapeOf(name), data }]),
    )
    for (const [name, data] of Object.entries(kept.tensors ?? {})) tensors[name] = { shape: [data.length], data }
    const { rewardNormalization } = kept
    await writeCheckpoint(dir, {
      model,
      tensors: withoutRole(weights, role),
      lineage: { format: 1, ...origin, kind, stageType, step, metrics, rewardNormalization },
      generationConfig,
      tokenizerDir,
      resume: { tensors, state: { step, ...kept.state } },
    })
  }

  get #stateNames(): string[] {
    const { stateNames = [], updater } = this.#parts
    return [...stateNames, ...updater.stateNames]
  }

  async #restore(dir: string): Promise<Kept> {
    const { tensors, state } = await readResumeState(dir)
    const names = new Set(this.#stateNames)
    const missing = [...names].filter((name) => !tensors[name])
    if (missing.length > 0) {
      throw new TemperError('invalid_checkpoint', `${dir} cannot be resumed: its state lacks ${missing.join(', ')}`)
    }
    const values = Object.entries(tensors).map(([name, { data }]) => [name, data as Values] as const)
    await this.#parts.program.write(Object.fromEntries(values.filter(([name]) => names.has(name))))
    this.step = Number(state.step)
    return { state, tensors: Object.fromEntries(values.filter(([name]) => !names.has(name))) }
  }
}

function withoutRole(values: Record<string, Values>, role: string): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(values).map(([name, data]) => [name.slice(role.length + 1), data as Float32Array]),
  )
}
