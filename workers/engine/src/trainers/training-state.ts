import { type AdapterOrigin, type Lineage, type StageType, TemperError, type TrainingJob } from '@temper/db/contracts'
import { readLineage, readResumeState, weightsDigest, writeCheckpoint } from '../checkpoint/index.ts'
import { isAdapted, type Model, type Role, roleNames, targetNames } from '../models/index.ts'
import type { Program, Values } from '../tracing/index.ts'
import { loraOf } from './adapted-role.ts'
import { SavedWeights } from './saved-weights.ts'
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
  /** What adapters stand over. */
  base?: AdapterOrigin['base']
}

export function checkpointParts(job: TrainingJob, { tensors, tokenizerDir, generationConfig }: Start): CheckpointParts {
  const kind = job.type === 'reward' ? 'reward' : 'policy'
  // The first parent is what the stage starts from.
  const base = loraOf(job) && { checkpoint: job.origin?.parents[0], sha256: weightsDigest(tensors) }
  return { kind, stageType: job.type, origin: job.origin, tokenizerDir, generationConfig, base }
}

export interface TrainingParts {
  program: Program
  model: Model
  /** Role whose weights are the checkpoint. */
  role: Role
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
  readonly #weights: SavedWeights

  constructor(parts: TrainingParts) {
    this.#parts = parts
    this.#weights = new SavedWeights(parts.program, parts.model, parts.role)
  }

  /** Makes the optimizer's moments; of a checkpoint, reads them and returns what the trainer kept. */
  async prepare(resumeFrom?: string): Promise<Kept | undefined> {
    await this.#parts.updater.addVariables()
    return resumeFrom === undefined ? undefined : this.#restore(resumeFrom)
  }

  async save(dir: string, kept: Partial<Kept> & Pick<Lineage, 'rewardNormalization'> = {}): Promise<void> {
    const { program, model, checkpoint } = this.#parts
    const { origin, kind, stageType, tokenizerDir, generationConfig } = checkpoint
    const { step, metrics } = this
    const { tensors: weights, adapter } = await this.#weights.read()
    const variables = await program.read(this.#stateNames)
    const tensors = Object.fromEntries(
      Object.entries(variables).map(([name, data]) => [name, { shape: program.shapeOf(name), data }]),
    )
    for (const [name, data] of Object.entries(kept.tensors ?? {})) tensors[name] = { shape: [data.length], data }
    const { rewardNormalization } = kept
    await writeCheckpoint(dir, {
      model,
      tensors: weights,
      lineage: {
        format: 1,
        ...origin,
        kind,
        stageType,
        step,
        metrics,
        adapter: this.#adapterOrigin,
        rewardNormalization,
      },
      generationConfig,
      tokenizerDir,
      resume: { tensors, state: { step, ...kept.state } },
      adapter,
    })
  }

  /** Whole weights are in the checkpoint's files; adapters are read bit for bit, not out of their sum with the base. */
  get #stateNames(): string[] {
    const { role, model, stateNames = [], updater } = this.#parts
    return [...(isAdapted(role) ? roleNames(role, model) : []), ...stateNames, ...updater.stateNames]
  }

  get #adapterOrigin(): AdapterOrigin | undefined {
    const { role, model, checkpoint } = this.#parts
    if (!isAdapted(role)) return undefined
    if (!checkpoint.base) throw new TemperError('internal', 'a role with adapters has a base that checkpoints name')
    const { rank, alpha, rsLora } = role.adapter
    return { base: checkpoint.base, rank, alpha, rsLora, targets: targetNames(model, role.adapter) }
  }

  /** Adapters of another base would go on without a sound. */
  async #requireBase(dir: string): Promise<void> {
    const [expected, actual] = [this.#parts.checkpoint.base, (await readLineage(dir))?.adapter?.base]
    if (expected?.sha256 === actual?.sha256) return
    const message = `${dir} cannot be resumed: it stands over base ${actual?.sha256 ?? 'none'}, the stage over ${expected?.sha256 ?? 'none'}`
    throw new TemperError('invalid_checkpoint', message, { details: { dir, expected, actual } })
  }

  async #restore(dir: string): Promise<Kept> {
    await this.#requireBase(dir)
    const { tensors, state } = await readResumeState(dir)
    const names = new Set(this.#stateNames)
    const missing = [...names].filter((name) => !tensors[name])
    if (missing.length > 0) {
      throw new TemperError('invalid_checkpoint', `${dir} cannot be resumed: its state lacks ${missing.join(', ')}`)
    }
    const values = Object.entries(tensors).map(([name, { data }]) => [name, data as Values] as const)
    await this.#parts.program.write(Object.fromEntries(values.filter(([name]) => names.has(name))))
    this.step = Number(state.step)
    // A stage that is resumed after its last step reports what that step came to.
    this.metrics = (await readLineage(dir))?.metrics ?? {}
    return { state, tensors: Object.fromEntries(values.filter(([name]) => !names.has(name))) }
  }
}
