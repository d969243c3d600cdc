import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  dpoSchema,
  type EngineEvent,
  type JobOf,
  modelSchema,
  type PreferenceRow,
  ppoSchema,
  pretrainSchema,
  rewardSchema,
  sftSchema,
  type TrainingJob,
} from '@temper/db/contracts'
import { createJobRunner } from '../job/run-job.ts'

/** Folders, rows and jobs of a toy task for tests: answer "ha" to "say ha", on a model of some thousand weights. */

const words = ['ha', 'no', 'oh', 'we', 'so', 'up'] as const
const message = (word: string) => ({ role: 'user' as const, content: `say ${word}` })

export const toyTexts = words.flatMap((word) => [{ text: `say ${word} ${word}` }, { text: `${word} ${word} ${word}` }])
export const toyConversations = words.map((word) => ({
  messages: [message(word), { role: 'assistant' as const, content: `${word} ${word}` }],
}))
export const toyPrompts = words.map((word) => ({ messages: [message(word)] }))
/** The longer answer is preferred; the last pair is a tie. */
export const toyPairs: PreferenceRow[] = words.map((word, i) => ({
  prompt: [message(word)],
  chosen: `${word} ${word} ${word}`,
  rejected: word,
  tie: i === words.length - 1,
  strength: 1,
}))

const optimizer = { learningRate: 0.01, checkpointEverySteps: 2 }

/** A throw-away folder with the toy's files, and jobs that use them. Remove it with `remove`. */
export async function makeToy() {
  const dir = await mkdtemp(path.join(tmpdir(), 'temper-toy-'))
  const file = async (name: string, rows: readonly unknown[]) => {
    await writeFile(path.join(dir, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return path.join(dir, name)
  }
  const texts = await file('texts.jsonl', toyTexts)
  const conversations = await file('conversations.jsonl', toyConversations)
  const prompts = await file('prompts.jsonl', toyPrompts)
  const pairs = await file('pairs.jsonl', toyPairs)
  const base = (stage: string) => ({ seed: 7, segment: {}, outDir: path.join(dir, stage) })
  const spec = modelSchema.parse({
    architecture: 'llama',
    hiddenSize: 32,
    nLayer: 2,
    nHead: 4,
    nKvHead: 2,
    intermediateSize: 48,
    contextLength: 64,
    tokenizer: { type: 'characters', data: 'texts' },
  })

  const pretrain = (settings: object = {}): JobOf<'pretrain'> => {
    const {
      type: _t,
      from: _f,
      data: _d,
      ...parsed
    } = pretrainSchema.parse({
      type: 'pretrain',
      data: 'texts',
      steps: 30,
      rowLength: 32,
      batchSize: 4,
      ...optimizer,
      ...settings,
    })
    return {
      type: 'pretrain',
      ...base('pretrain'),
      model: { spec, tokenizerData: texts },
      data: texts,
      settings: parsed,
    }
  }
  const sft = (model: string, settings: object = {}): JobOf<'sft'> => {
    const {
      type: _t,
      from: _f,
      data: _d,
      ...parsed
    } = sftSchema.parse({
      type: 'sft',
      data: 'conversations',
      epochs: 4,
      batchSize: 2,
      maxLength: 48,
      ...optimizer,
      ...settings,
    })
    return { type: 'sft', ...base('sft'), model, data: conversations, settings: parsed }
  }
  const reward = (model: string, settings: object = {}): JobOf<'reward'> => {
    const {
      type: _t,
      from: _f,
      preferences: _p,
      ...parsed
    } = rewardSchema.parse({
      type: 'reward',
      preferences: 'votes',
      epochs: 4,
      batchSize: 3,
      maxLength: 48,
      ...optimizer,
      ...settings,
    })
    return { type: 'reward', ...base('reward'), model, pairs, heldOut: pairs, settings: parsed }
  }
  const dpo = (model: string, settings: object = {}): JobOf<'dpo'> => {
    const {
      type: _t,
      from: _f,
      preferences: _p,
      ...parsed
    } = dpoSchema.parse({
      type: 'dpo',
      preferences: 'votes',
      epochs: 4,
      batchSize: 3,
      maxLength: 48,
      ...optimizer,
      ...settings,
    })
    return { type: 'dpo', ...base('dpo'), model, pairs, heldOut: pairs, settings: parsed }
  }
  const ppo = (model: string, rewardDir: string, settings: object = {}): JobOf<'ppo'> => {
    const {
      type: _t,
      from: _f,
      reward: _r,
      prompts: _p,
      ...parsed
    } = ppoSchema.parse({
      type: 'ppo',
      reward: 'reward',
      prompts: 'prompts',
      iterations: 4,
      episodesPerIteration: 6,
      ppoEpochs: 2,
      miniBatches: 2,
      sampling: { temperature: 1, maxTokens: 12 },
      ...optimizer,
      ...settings,
    })
    return { type: 'ppo', ...base('ppo'), model, reward: rewardDir, prompts, settings: parsed }
  }
  const remove = () => rm(dir, { recursive: true, force: true })
  return { dir, prompts, pairs, pretrain, sft, reward, dpo, ppo, remove }
}

export type Toy = Awaited<ReturnType<typeof makeToy>>

/** Runs a job in this process; returns its events. Throws what the job throws. */
export async function runToyJob(job: Parameters<ReturnType<typeof createJobRunner>>[0]): Promise<EngineEvent[]> {
  const events: EngineEvent[] = []
  const context = {
    emit: (event: EngineEvent) => events.push(event),
    stopRequested: () => false,
    nowMs: () => performance.now(),
  }
  await createJobRunner(context)(job)
  return events
}

/** Folder of the last checkpoint that a job reported. */
export function lastCheckpoint(events: readonly EngineEvent[]): string {
  const dirs = events.flatMap((event) => (event.type === 'checkpoint' ? [event.dir] : []))
  const last = dirs.at(-1)
  if (last === undefined) throw new Error('the job reported no checkpoint')
  return last
}

/** Metrics by step, without those that measure time. */
export function metricsOf(events: readonly EngineEvent[]): { step: number; values: Record<string, number> }[] {
  return events.flatMap((event) => {
    if (event.type !== 'metrics') return []
    const values = Object.entries(event.values).filter(([name]) => !/^timing\/|_per_second$/.test(name))
    return [{ step: event.step, values: Object.fromEntries(values) }]
  })
}

/** The same job in another folder, stopped after `maxSteps` steps or resumed from a checkpoint. */
export function segmentOf<J extends TrainingJob>(job: J, outDir: string, resumeFrom?: string, maxSteps?: number): J {
  return { ...job, outDir, resumeFrom, segment: maxSteps === undefined ? {} : { maxSteps } }
}
