import type { EngineEvent, JobOf, Message, StageOf, TrainingJob } from '@temper/db/contracts'
import type { Row } from '../data/index.ts'
import { Decoder } from '../generation/index.ts'
import type { Model, Role } from '../models/index.ts'
import { type Prompt, promptOf, type Tokenizer } from '../tokenizer/index.ts'
import type { Program } from '../tracing/index.ts'

type SampleSettings = Pick<StageOf<'sft'>, 'samplePrompts' | 'sampleEverySteps'>
/** Settings of a stage's method, without those that only show it to people. */
export type MethodSettings<T extends TrainingJob['type']> = Omit<JobOf<T>['settings'], keyof SampleSettings>

/** Prompts, none empty; those of the first rows are taken where nothing is held out. */
export interface PromptChoice {
  heldOut: readonly Prompt[]
  firstRows: readonly Prompt[]
}

interface Policy {
  program: Program
  model: Model
  /** Where the program holds its weights. */
  role: Role
  tokenizer: Pick<Tokenizer, 'stopIds' | 'decode'>
}

type SamplesEvent = Extract<EngineEvent, { type: 'samples' }>

/** Unless a recipe says how often: at most this many times between the first and the last step, at evaluations if any, */
const looks = 8
/** and in at most this share of the stage's time. */
const timeShare = 0.05
const longestAnswer = 128
/** Rows among which prompts are looked for. */
const considered = 256
/** Tokens of a document that its continuation is asked for. */
const opening = 16

/**
 * Answers of the policy in training to a few prompts that stay the same, for people to see it change. Greedy, in a cache of
 * its own: a stage's numbers are the same with and without.
 */
export class PromptSamples {
  readonly #policy: Policy
  readonly #decoder: Decoder
  readonly #source: SamplesEvent['source']
  readonly #prompts: readonly Prompt[]
  readonly #everySteps: number | undefined
  readonly #evaluationSteps: number
  readonly #maxTokens: number
  #startedMs: number | undefined
  #spentMs = 0

  /** @param evaluationSteps - between looks at held-out data, beside which answers are worth most */
  constructor(
    policy: Policy,
    choice: PromptChoice,
    { samplePrompts, sampleEverySteps }: SampleSettings,
    evaluationSteps = 1,
  ) {
    const { program, model, role } = policy
    this.#policy = policy
    this.#source = choice.heldOut.length > 0 ? 'held-out' : 'first-rows'
    this.#everySteps = sampleEverySteps
    this.#evaluationSteps = evaluationSteps
    this.#maxTokens = Math.min(longestAnswer, Math.floor(model.contextLength / 2))
    const room = model.contextLength - this.#maxTokens
    const known = distinct(choice.heldOut.length > 0 ? choice.heldOut : choice.firstRows)
    this.#prompts = known.slice(0, samplePrompts).map(({ ids, text }) => ({ ids: ids.slice(-room), text }))
    const slots = Math.max(1, this.#prompts.length)
    this.#decoder = new Decoder({ program, model, role, precision: 'fp32', purpose: 'samples' }, slots)
  }

  /** Whether to look after this step; 0 is before the first. The first and the last are always looked at. */
  isDue({ step, totalSteps, isLast }: { step: number; totalSteps: number; isLast: boolean }, nowMs: number): boolean {
    this.#startedMs ??= nowMs
    if (this.#prompts.length === 0) return false
    if (step === 0 || isLast) return true
    if (this.#everySteps !== undefined) return step % this.#everySteps === 0
    const affordable = this.#spentMs <= timeShare * (nowMs - this.#startedMs)
    const every = Math.ceil(totalSteps / looks / this.#evaluationSteps) * this.#evaluationSteps
    return affordable && step % every === 0
  }

  async look(step: number, nowMs: () => number): Promise<SamplesEvent> {
    const startedMs = nowMs()
    const { tokenizer } = this.#policy
    // The weights are others than at the last look.
    this.#decoder.forget()
    const answers = await Promise.all(this.#prompts.map(({ ids }, index) => this.#answer(ids, index)))
    const samples = answers.map(({ ids, stopped }, index) => {
      const completion = tokenizer.decode(ids, { skipSpecialTokens: true }).trim()
      return { prompt: this.#prompts[index]?.text ?? '', completion, endedProperly: stopped }
    })
    this.#spentMs += nowMs() - startedMs
    return { type: 'samples', step, source: this.#source, samples }
  }

  #answer(prompt: readonly number[], index: number) {
    const sampling = { ...greedy, maxTokens: this.#maxTokens }
    return this.#decoder.decode({ prompt, index, sampling, stopIds: this.#policy.tokenizer.stopIds, seed: 0 })
  }
}

const greedy = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0 }

/** The first of some prompts as generation sees them: whole, also where training cuts them. */
export function promptsOf(tokenizer: Tokenizer, prompts: readonly (readonly Message[])[]): Prompt[] {
  return prompts.slice(0, considered).map((messages) => promptOf(tokenizer, messages))
}

/** The beginnings of the first documents, at most half of each. */
export function openingsOf(tokenizer: Pick<Tokenizer, 'decode'>, rows: readonly Row[]): Prompt[] {
  const documents = rows.slice(0, considered).flat()
  return documents.map((document) => {
    const ids = document.ids.slice(0, Math.min(opening, Math.ceil(document.ids.length / 2)))
    return { ids, text: tokenizer.decode(ids, { skipSpecialTokens: true }).trim() }
  })
}

/** In their order, each once. */
function distinct(prompts: readonly Prompt[]): Prompt[] {
  return [...new Map(prompts.map((prompt) => [prompt.ids.join(' '), prompt])).values()]
}
