import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type EngineEvent,
  isTimed,
  type Job,
  type JobOf,
  jobSchema,
  type PreferenceRow,
  type TrainingJob,
} from '@temper/db/contracts'

/** Folders, rows and jobs of a toy task for tests: answer "ha" to "say ha", on a model of some thousand weights. */

const words = ['ha', 'no', 'oh', 'we', 'so', 'up'] as const
const message = (word: string) => ({ role: 'user' as const, content: `say ${word}` })

const toyTexts = words.flatMap((word) => [{ text: `say ${word} ${word}` }, { text: `${word} ${word} ${word}` }])
const toyConversations = words.map((word) => ({
  messages: [message(word), { role: 'assistant' as const, content: `${word} ${word}` }],
}))
/** In other words: what is learnt of the first ones goes wrong here before long. */
const otherConversations = words.map((word, i) => ({
  messages: [message(word), { role: 'assistant' as const, content: `${word} ${words[(i + 1) % words.length]}` }],
}))
const toyPrompts = words.map((word) => ({ messages: [message(word)] }))
/** The longer answer is preferred; the last pair is a tie. */
const toyPairs: PreferenceRow[] = words.map((word, i) => ({
  prompt: [message(word)],
  chosen: `${word} ${word} ${word}`,
  rejected: word,
  tie: i === words.length - 1,
  bothBad: false,
  strength: 1,
  chosenEnded: true,
  rejectedEnded: true,
}))

const model = {
  architecture: 'llama',
  hiddenSize: 32,
  nLayer: 2,
  nHead: 4,
  nKvHead: 2,
  intermediateSize: 48,
  contextLength: 64,
  tokenizer: { type: 'bpe', vocabSize: 261, data: 'texts' },
}

/** Settings of each type's jobs; all else is as recipes have it. */
const defaults = {
  pretrain: { steps: 30, rowLength: 32, batchSize: 4 },
  sft: { epochs: 4, batchSize: 2, maxLength: 48 },
  reward: { epochs: 4, batchSize: 3, maxLength: 48 },
  dpo: { epochs: 4, batchSize: 3, maxLength: 48 },
  ppo: {
    iterations: 4,
    episodesPerIteration: 6,
    ppoEpochs: 2,
    miniBatches: 2,
    sampling: { temperature: 1, maxTokens: 12 },
  },
  grpo: { iterations: 4, promptsPerIteration: 3, groupSize: 4, sampling: { temperature: 1, maxTokens: 12 } },
  rloo: { iterations: 4, promptsPerIteration: 3, groupSize: 4, sampling: { temperature: 1, maxTokens: 12 } },
}

type Rewards = JobOf<'ppo'>['rewards']
/** Longer answers score higher; needs no reward model. */
export const lengthReward: Rewards[number] = {
  name: 'length',
  weight: 1,
  code: 'var rewardModule = { default: (samples) => samples.map(({ completion }) => completion.length / 10) }',
  timeoutSeconds: 10,
  memoryMb: 64,
}

/** A throw-away folder with the toy's files, and jobs that use them. Remove it with `remove`. */
export async function makeToy() {
  const dir = await mkdtemp(path.join(tmpdir(), 'temper-toy-'))
  const file = async (name: string, rows: readonly unknown[]) => {
    await writeFile(path.join(dir, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return path.join(dir, name)
  }
  const texts = await file('texts.jsonl', toyTexts)
  const conversations = await file('conversations.jsonl', toyConversations)
  const otherTalks = await file('other-conversations.jsonl', otherConversations)
  const prompts = await file('prompts.jsonl', toyPrompts)
  const pairs = await file('pairs.jsonl', toyPairs)

  const job = <T extends TrainingJob['type']>(type: T, inputs: object, overrides: object = {}) => {
    const settings = { learningRate: 0.01, checkpointEverySteps: 2, ...defaults[type], ...overrides }
    return jobSchema.parse({ type, seed: 7, outDir: path.join(dir, type), ...inputs, settings }) as JobOf<T>
  }
  return {
    dir,
    texts,
    conversations,
    otherTalks,
    pretrain: (settings?: object, more?: object) =>
      job('pretrain', { model: { spec: model, tokenizerData: texts }, data: [{ path: texts }], ...more }, settings),
    sft: (policy: string, settings?: object, more?: object) =>
      job('sft', { model: policy, data: [{ path: conversations }], ...more }, settings),
    reward: (policy: string, settings?: object) => job('reward', { model: policy, pairs, heldOut: pairs }, settings),
    dpo: (policy: string, settings?: object) => job('dpo', { model: policy, pairs, heldOut: pairs }, settings),
    ppo: (policy: string, rewards: string | Rewards, settings?: object) =>
      job('ppo', { model: policy, rewards: rewardsOf(rewards), prompts }, settings),
    grpo: (policy: string, rewards: string | Rewards, settings?: object) =>
      job('grpo', { model: policy, rewards: rewardsOf(rewards), prompts }, settings),
    rloo: (policy: string, rewards: string | Rewards, settings?: object) =>
      job('rloo', { model: policy, rewards: rewardsOf(rewards), prompts }, settings),
    /** The same job in a folder of its own. */
    elsewhere: <J extends TrainingJob>(other: J, name: string): J => ({ ...other, outDir: path.join(dir, name) }),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

/** A toy with a policy and a reward model that has learnt its pairs. */
export async function makeTrainedToy() {
  const toy = await makeToy()
  const policy = lastCheckpoint(await runToyJob(toy.pretrain()))
  const rewardModel = lastCheckpoint(await runToyJob(toy.reward(policy, { epochs: 12 })))
  return { toy, policy, rewardModel }
}

/** A reward model's folder alone, or what a job has. */
function rewardsOf(rewards: string | Rewards): Rewards {
  return typeof rewards === 'string' ? [{ name: 'reward', weight: 1, model: rewards }] : rewards
}

export type Toy = Awaited<ReturnType<typeof makeToy>>

/**
 * Runs a job in this process; returns its events. Throws what the job throws.
 * @param stopAt - asks it to stop as soon as this holds for an event
 */
export async function runToyJob(
  job: Job,
  stopAt: (event: EngineEvent) => boolean = () => false,
): Promise<EngineEvent[]> {
  // Who only makes jobs, for engine processes, has no use for TensorFlow.
  const { createJobRunner } = await import('../job/run-job.ts')
  const events: EngineEvent[] = []
  const context = {
    emit: (event: EngineEvent) => events.push(event),
    stopRequested: () => events.some(stopAt),
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
    const values = Object.entries(event.values).filter(([name]) => !isTimed(name))
    return [{ step: event.step, values: Object.fromEntries(values) }]
  })
}

/** The same job in another folder, stopped after `maxSteps` steps or resumed from a checkpoint. */
export function segmentOf<J extends TrainingJob>(job: J, outDir: string, resumeFrom?: string, maxSteps?: number): J {
  return { ...job, outDir, resumeFrom, segment: maxSteps === undefined ? {} : { maxSteps } }
}
