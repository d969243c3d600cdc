import { join } from 'node:path'
import { readAdapter, readCheckpoint } from '@temper/engine/checkpoint'
import type { Sequence } from '@temper/engine/data'
import { addBase, addRole, type Model, type Role } from '@temper/engine/models'
import { loadTokenizer, type Tokenizer } from '@temper/engine/tokenizer'
import { type Program, TracedProgram } from '@temper/engine/tracing'
import type { Pair } from '@temper/engine/trainers'
import { readJson } from '../read-json.ts'
import { pairsSchema, type TextPair, type TrlRun } from './trl-reference.ts'

export type TrainerKind = 'sft' | 'reward' | 'dpo'

/** What every trainer of these runs is made from. */
export interface OpenRun {
  program: Program
  model: Model
  role: Role
  pairs: Pair[]
  /** Holds every sequence. */
  rowLength: number
  settings: ReturnType<typeof commonSettings>
  totalSteps: number
  /** Rows in file order, epoch after epoch. */
  seed: 'sequential'
  checkpoint: { stageType: 'sft'; kind: 'policy'; tokenizerDir: string; generationConfig: Record<string, unknown> }
}

/** Loads what a run starts from into a program, and the pairs as token sequences. */
export async function openRun(dir: string, { settings }: TrlRun, kind: TrainerKind): Promise<OpenRun> {
  const tokenizerDir = join(dir, 'tokenizer')
  const tokenizer = await loadTokenizer(tokenizerDir)
  const texts = await readJson(join(dir, 'pairs.json'), pairsSchema)
  const pairs = texts.map((pair) => pairOf(tokenizer, pair, kind))
  const program = new TracedProgram()
  const { role, model, generationConfig } = await addStart(program, dir, settings, kind)
  return {
    program,
    model,
    role,
    pairs,
    rowLength: Math.max(...pairs.flatMap(({ chosen, rejected }) => [chosen.ids.length, rejected.ids.length])),
    settings: commonSettings(settings),
    totalSteps: settings.max_steps,
    seed: 'sequential',
    checkpoint: { stageType: 'sft', kind: 'policy', tokenizerDir, generationConfig },
  }
}

/** Loads the model that a run names as its start, or `<model> + <adapters of PEFT>`. */
async function addStart(program: Program, dir: string, { start }: TrlRun['settings'], kind: TrainerKind) {
  const [modelDir = '', adapterDir] = start.split(' + ')
  const { model, tensors, generationConfig } = await readCheckpoint(join(dir, modelDir))
  const name = kind === 'reward' ? 'reward' : 'policy'
  if (adapterDir === undefined) {
    await addRole(program, name, model, tensors)
    return { role: name, model, generationConfig }
  }
  const { adapter, tensors: own } = await readAdapter(join(dir, adapterDir), model)
  const role = { name, base: 'base', adapter }
  await addBase(program, role.base, model, tensors)
  await addRole(program, role, model, own)
  return { role, model, generationConfig }
}

/**
 * Prompts are plain text here, not chats. As TRL does it, prompt and answer are encoded as one text, and the answer
 * begins where the ids part from those of the prompt alone: a token across the border belongs to the answer. Where a
 * run compares them, both answers of a pair begin at the same place, the earlier one.
 */
function pairOf(tokenizer: Tokenizer, { prompt, chosen, rejected }: TextPair, kind: TrainerKind): Pair {
  const promptIds = tokenizer.encode(prompt)
  const encoded = [chosen, rejected].map((answer) => [...tokenizer.encode(prompt + answer), tokenizer.eosId])
  const starts = encoded.map((ids) => commonPrefix(promptIds, ids))
  const [chosenSide, rejectedSide] = encoded.map((ids, side): Sequence => {
    const start = kind === 'sft' ? (starts[side] ?? 0) : Math.min(...starts)
    return { ids, lossMask: ids.map((_, i) => i >= start) }
  }) as [Sequence, Sequence]
  return { chosen: chosenSide, rejected: rejectedSide, tie: false, bothBad: false, strength: 1 }
}

function commonPrefix(promptIds: readonly number[], ids: readonly number[]): number {
  const parted = promptIds.findIndex((id, i) => id !== ids[i])
  return parted === -1 ? promptIds.length : parted
}

function commonSettings(settings: TrlRun['settings']) {
  return {
    learningRate: settings.learning_rate,
    schedule: 'linear' as const,
    minLearningRateRatio: 0,
    warmupRatio: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: settings.weight_decay,
    maxGradNorm: settings.max_grad_norm,
    precision: 'fp32' as const,
    gradientCheckpointing: false,
    batchSize: settings.per_device_train_batch_size,
    gradientAccumulation: settings.gradient_accumulation_steps,
    checkpointEverySteps: settings.max_steps,
    epochs: 1,
    maxLength: 1024,
  }
}
