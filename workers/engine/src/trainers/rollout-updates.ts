import { type Episode, type EpisodeShape, episodeFeeds, type Feeds, type ForwardFunction } from '../forward/index.ts'
import { completionLists, measureEpisodes, passRows, promptRows, type UpdatePlan, updatesOf } from '../rollout/index.ts'
import type { Prompt } from '../tokenizer/index.ts'
import type { InputSpec, Output } from '../tracing/index.ts'
import type { MetricValues } from './trainer.ts'
import type { BegunStep, Updater } from './updater.ts'

export interface RolloutUpdatesParts {
  updater: Updater
  /** What the trained models say of episodes: of its outputs, (R, maxTokens) each, the updater's body hands back the same. */
  measure: ForwardFunction<string>
  /** Names of these outputs. */
  measured: readonly string[]
  /** Inputs of the updater's body beside those of `episodeFeeds`, for R rows. */
  lossInputs(rows: number): Record<string, InputSpec>
  shape: EpisodeShape
  /** All that episodes may begin with. */
  prompts: readonly Prompt[]
  plan: UpdatePlan
  seed: number
}

/**
 * The updates on a rollout: what the trained models say of it is measured, the loss is made of that, and several passes
 * follow. Where the first update is one pass over all episodes it would compute the measurement again; so it is begun
 * instead, hands the measurement back, and waits for what becomes of it.
 */
export class RolloutUpdates {
  readonly #parts: RolloutUpdatesParts
  #begun: BegunStep | undefined

  constructor(parts: RolloutUpdatesParts) {
    this.#parts = parts
  }

  /** Of each output a list a completion, one number a token. */
  async measure(episodes: readonly Episode[], iteration: number): Promise<Record<string, number[][]>> {
    const { updater, measure, measured, shape, plan, seed } = this.#parts
    const [first] = updatesOf(plan, { seed, iteration })
    const [rows = []] = first?.miniBatch ?? []
    if (!first || rows.length < episodes.length) {
      return (await measureEpisodes(measure, episodes, shape, passRows(episodes.length, plan))).perToken
    }
    const chosen = rows.flatMap((row) => episodes[row] ?? [])
    const pause = { early: measured, late: this.#parts.lossInputs(rows.length) }
    this.#begun = await updater.begin(this.#pass(chosen), pause, first.step)
    const lists = ([name, { data }]: [string, Output]) => [name, inPlaces(completionLists(data, chosen, shape), rows)]
    return Object.fromEntries(Object.entries(this.#begun.early).map(lists))
  }

  /**
   * The iteration's optimizer steps over shuffled mini-batches of the episodes that were measured.
   * @param lossFeeds - of each pass of a mini-batch, in the order of its rows
   */
  async run(
    episodes: readonly Episode[],
    iteration: number,
    lossFeeds: (miniBatch: readonly number[][]) => Feeds[],
  ): Promise<MetricValues[]> {
    const { updater, plan, seed } = this.#parts
    const updates: MetricValues[] = []
    for (const { miniBatch, step } of updatesOf(plan, { seed, iteration })) {
      const late = lossFeeds(miniBatch)
      const begun = this.#begun
      this.#begun = undefined
      const passes = miniBatch.map((rows, i) =>
        this.#pass(
          rows.flatMap((row) => episodes[row] ?? []),
          late[i],
        ),
      )
      updates.push(await (begun ? begun.finish(late[0] ?? {}) : updater.step(passes, step)))
    }
    return updates
  }

  #pass(episodes: readonly Episode[], lossFeeds: Feeds = {}) {
    const { shape, prompts } = this.#parts
    return { feeds: { ...episodeFeeds(episodes, shape), ...lossFeeds }, dataRows: promptRows(prompts, episodes) }
  }
}

/** Undoes a shuffle: item i goes to `places[i]`. */
function inPlaces<T>(items: readonly T[], places: readonly number[]): T[] {
  const ordered: T[] = []
  for (const [i, place] of places.entries()) ordered[place] = items[i] as T
  return ordered
}
