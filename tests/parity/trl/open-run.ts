import { join } from 'node:path'
import { readCheckpoint } from '@temper/engine/checkpoint'
import type { Sequence } from '@temper/engine/data'
import type { Model } from '@temper/engine/models'
import { loadTokenizer, type Tokenizer } from '@temper/engine/tokenizer'
import { type Program, TracedProgram } from '@temper/engine/tracing'
import { addRole, type Pair } from '@temper/engine/trainers'
import { readJson } from '../read-json.ts'
import { pairsSchema, type TextPair, type TrlRun } from './trl-reference.ts'

/** What every trainer of these runs is made from. */
export interface OpenRun {
  program: Program
  model: Model
  pairs: Pair[]
  /** Holds every sequence. */
  rowLength: number
  settings: ReturnType<typeof commonSettings>
  totalSteps: number
  /** Rows in file order, epoch after epoch. */
  seed: 'sequential'
  checkpoint: { stageType: 'sft'; kind: 'policy'; tokenizerDir: string; generationConfig: Record<string, unknown> }
}

/** Loads what a run starts from into a program as `role`, and the pairs as token sequences. */
export async function openRun(dir: string, { settings }: TrlRun, role: 'policy' | 'reward'): Promise<OpenRun> {
  const tokenizerDir = join(dir, 'tokenizer')
  const tokenizer = await loadTokenizer(tokenizerDir)
  const texts = await readJson(join(dir, 'pairs.json'), pairsSchema)
  const pairs = texts.map((pair, index) => pairOf(tokenizer, pair, index))
  const { model, tensors, generationConfig } = await readCheckpoint(join(dir, settings.start))
  const program = new TracedProgram()
  await addRole(program, role, model, tensors)
  return {
    program,
    model,
    pairs,
    rowLength: Math.max(...pairs.flatMap(({ chosen, rejected }) => [chosen.ids.length, rejected.ids.length])),
    settings: commonSettings(settings),
    totalSteps: settings.max_steps,
    seed: 'sequential',
    checkpoint: { stageType: 'sft', kind: 'policy', tokenizerDir, generationConfig },
  }
}

/**
 * Prompts are plain text here, not chats. As TRL does it, prompt and answer are encoded as one text, and the answer
 * begins where its ids part from those of the prompt alone: a token across the border belongs to the answer.
 */
function pairOf(tokenizer: Tokenizer, { prompt, chosen, rejected }: TextPair, index: number): Pair {
  const promptIds = tokenizer.encode(prompt)
  const side = (answer: string): Sequence => {
    const ids = [...tokenizer.encode(prompt + answer), tokenizer.eosId]
    const parted = promptIds.findIndex((id, i) => id !== ids[i])
    const start = parted === -1 ? promptIds.length : parted
    return { ids, lossMask: ids.map((_, i) => i >= start) }
  }
  return { index, chosen: side(chosen), rejected: side(rejected), tie: false }
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
    batchSize: settings.per_device_train_batch_size,
    gradientAccumulation: settings.gradient_accumulation_steps,
    checkpointEverySteps: settings.max_steps,
    epochs: 1,
    maxLength: 1024,
  }
}
