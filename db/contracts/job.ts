import { z } from 'zod'
import { importedFromSchema, originSchema } from './checkpoint.ts'
import { modelSchema } from './recipe/model.ts'
import { nameSchema, samplingSchema } from './recipe/settings.ts'
import {
  dpoSchema,
  grpoSchema,
  ppoSchema,
  pretrainSchema,
  rewardSchema,
  rlooSchema,
  sftSchema,
} from './recipe/stages.ts'
import { sampleSourceSchema } from './samples.ts'
import { completionEventSchema, completionRequestSchema, servingPrecisionSchema } from './serving.ts'
import { errorCodes } from './temper-error.ts'

/**
 * What an engine process is told and what it tells. One child process runs one job at a time; messages travel over
 * Node's IPC channel. Paths are local folders (checkpoints) and JSONL files (rows.ts).
 */

const path = z.string().min(1)

/** Files of a supervised stage: all of `data` as one where none has a weight, else mixed by them. */
const supervised = {
  data: z.array(z.strictObject({ path, weight: z.number().positive().optional() })).min(1),
  /** Held out for val_loss: a share of each file, or a file of its own. */
  validation: z.union([path, z.number().min(0).max(0.5)]).default(0),
}

/** Fields of every training job. A segment ends after `maxSteps` optimizer steps (iterations for ppo, grpo, rloo) or `maxSeconds`. */
const training = {
  seed: z.number().int(),
  /** The engine writes each checkpoint to `outDir/step-<n>`, manifest last, then reports it. */
  outDir: path,
  /** For `temper.json` of each checkpoint. */
  origin: originSchema.optional(),
  /** A checkpoint of this very stage, to go on from; its `resume/` part is complete. */
  resumeFrom: path.optional(),
  segment: z
    .strictObject({ maxSteps: z.number().int().positive().optional(), maxSeconds: z.number().positive().optional() })
    .default({}),
}

/** What scores completions, by a name for its metrics: a checkpoint with a score head, or a function as JavaScript. */
const jobRewardSchema = z.union([
  z.strictObject({ name: nameSchema, weight: z.number(), model: path }),
  z.strictObject({
    name: nameSchema,
    weight: z.number(),
    /** Sets `rewardModule.default`. */
    code: z.string(),
    timeoutSeconds: z.number().positive(),
    memoryMb: z.number().int().positive(),
  }),
])
export type JobReward = z.infer<typeof jobRewardSchema>

const rollouts = {
  ...training,
  model: path,
  rewards: z.array(jobRewardSchema).min(1),
  prompts: path,
  /** Prompts that samples answer. */
  heldOut: path.optional(),
}
const placesOfRollouts = { type: true, from: true, rewards: true, prompts: true, heldOut: true } as const

export const jobSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('pretrain'),
    ...training,
    /** `dir` to continue a checkpoint, else `spec` for random weights with the tokenizer trained on `tokenizerData`. */
    model: z.union([z.strictObject({ dir: path }), z.strictObject({ spec: modelSchema, tokenizerData: path })]),
    ...supervised,
    settings: pretrainSchema.omit({ type: true, from: true, data: true, validation: true }),
  }),
  z.strictObject({
    type: z.literal('sft'),
    ...training,
    model: path,
    ...supervised,
    settings: sftSchema.omit({ type: true, from: true, data: true, validation: true }),
  }),
  z.strictObject({
    type: z.literal('reward'),
    ...training,
    model: path,
    pairs: path,
    heldOut: path,
    settings: rewardSchema.omit({ type: true, from: true, preferences: true }),
  }),
  z.strictObject({
    type: z.literal('dpo'),
    ...training,
    model: path,
    pairs: path,
    heldOut: path,
    /** Log-probs of the reference, as the event `reference` of an earlier job named them; of other pairs, they are computed. */
    referenceLogps: path.optional(),
    settings: dpoSchema.omit({ type: true, from: true, preferences: true }),
  }),
  z.strictObject({
    type: z.literal('ppo'),
    ...rollouts,
    settings: ppoSchema.omit(placesOfRollouts),
  }),
  z.strictObject({
    type: z.literal('grpo'),
    ...rollouts,
    settings: grpoSchema.omit(placesOfRollouts),
  }),
  z.strictObject({
    type: z.literal('rloo'),
    ...rollouts,
    settings: rlooSchema.omit(placesOfRollouts),
  }),
  z.strictObject({
    type: z.literal('sample'),
    seed: z.number().int(),
    model: path,
    prompts: path,
    /** Rows to use, from the first; all unless set. */
    limit: z.number().int().positive().optional(),
    completionsPerPrompt: z.number().int().positive(),
    sampling: samplingSchema,
    output: path,
  }),
  z.strictObject({
    type: z.literal('evaluate'),
    seed: z.number().int(),
    /** By name; `baseline` is one of them and is also the reference of the KL. */
    policies: z.record(z.string(), path),
    baseline: z.string(),
    reward: path.optional(),
    prompts: path,
    /** Rows to use, from the first; all unless set. */
    limit: z.number().int().positive().optional(),
    sampling: samplingSchema,
    output: path,
  }),
  /** Runs until `stop`: answers the requests that come as commands, with as many models ready as were asked for last. */
  z.strictObject({ type: z.literal('serve'), models: z.number().int().positive(), precision: servingPrecisionSchema }),
  z.strictObject({
    type: z.literal('import'),
    /** A folder in the Hugging Face layout, or a GGUF file. */
    source: path,
    importedFrom: importedFromSchema,
    /** The checkpoint folder to write. */
    output: path,
  }),
])
export type Job = z.infer<typeof jobSchema>
export type JobType = Job['type']
export type JobOf<T extends JobType> = Extract<Job, { type: T }>
export type TrainingJob = JobOf<'pretrain' | 'sft' | 'reward' | 'dpo' | 'ppo' | 'grpo' | 'rloo'>

/**
 * To the engine. `stop` ends a training job at the next step boundary with a checkpoint, any other job at once.
 * `request` and `cancel` are for a `serve` job.
 */
export const engineCommandSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run'), job: jobSchema }),
  z.strictObject({ type: z.literal('stop') }),
  /** `model` is the folder of a checkpoint, loaded when it is first asked for. */
  z.strictObject({ type: z.literal('request'), model: path, request: completionRequestSchema }),
  /** By the id of the request, whose slots are free at once; unknown ids are over already. */
  z.strictObject({ type: z.literal('cancel'), id: z.string() }),
])
export type EngineCommand = z.infer<typeof engineCommandSchema>

/** A step's metrics; names are of metrics.ts. A resumed stage may send a step again: the numbers are the same. */
const metricValues = z.record(z.string(), z.number())

/** What a stage is judged by; a list holds the points of a curve. */
const jobResultSchema = z.record(
  z.string(),
  z.union([z.number(), z.string(), z.null(), z.array(z.record(z.string(), z.number()))]),
)
export type JobResult = z.infer<typeof jobResultSchema>

export const engineEventSchema = z.discriminatedUnion('type', [
  /** The process is up and waits for a job. */
  z.strictObject({ type: z.literal('ready'), device: z.string(), pid: z.number().int() }),
  /** `step` of `totalSteps`; `phase` in words where a step has parts or the stage prepares. */
  z.strictObject({
    type: z.literal('progress'),
    step: z.number().int(),
    totalSteps: z.number().int(),
    phase: z.string(),
  }),
  z.strictObject({ type: z.literal('metrics'), step: z.number().int(), values: metricValues }),
  /** Completions of a step, in the order of its prompts: people watch the policy change, a stated taste scores rollouts. */
  z.strictObject({
    type: z.literal('samples'),
    step: z.number().int(),
    source: sampleSourceSchema,
    samples: z.array(z.strictObject({ prompt: z.string(), completion: z.string(), endedProperly: z.boolean() })),
  }),
  /** The log-probs of a dpo stage's reference stand in `file`: found as the job named them, or computed now. */
  z.strictObject({ type: z.literal('reference'), file: path, pairs: z.number().int(), found: z.boolean() }),
  z.strictObject({ type: z.literal('checkpoint'), step: z.number().int(), dir: z.string(), metrics: metricValues }),
  /** A `serve` job has loaded a model. */
  z.strictObject({
    type: z.literal('serving'),
    model: path,
    contextLength: z.number().int(),
    loadMs: z.number().min(0),
  }),
  /**
   * Of a request to a `serve` job. Each ends with one `completed` or one `refused`: a cancelled one, and one under way
   * when the job is stopped, with the code `cancelled`.
   */
  z.strictObject({ type: z.literal('completion'), event: completionEventSchema }),
  /** A `serve` job without requests says this every some seconds: it waits, and does not hang. */
  z.strictObject({ type: z.literal('idle') }),
  /**
   * The job is over. `finished`: nothing is left to do; `segment`: the segment's limit; `stopped`: by command.
   * `step` is the last one applied; `result` holds what a stage is judged by.
   */
  z.strictObject({
    type: z.literal('done'),
    outcome: z.enum(['finished', 'segment', 'stopped']),
    step: z.number().int(),
    totalSteps: z.number().int(),
    result: jobResultSchema,
  }),
  z.strictObject({
    type: z.literal('failed'),
    code: z.enum(errorCodes),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
])
export type EngineEvent = z.infer<typeof engineEventSchema>
