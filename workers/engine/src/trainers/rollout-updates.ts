import { type Episode, type EpisodeShape, episodeFeeds, type Feeds, type ForwardFunction } from '../forward/index.ts'
import {
  completionLists,
  type Measured,
  measureEpisodes,
  passRows,
  promptRows,
  type UpdatePlan,
  updatesOf,
} from '../rollout/index.ts'
import type { Prompt } from '../tokenizer/index.ts'
import type { InputSpec } from '../tracing/index.ts'
import type { MetricValues } from './trainer.ts'
import type { BegunStep, Updater } from './updater.ts'

export interface RolloutUpdatesParts {
  updater: Updater
  /** What frozen models say of episodes, where there are any. */
  judge: ForwardFunction<string> | undefined
  /** What the trained models say: of its outputs, (R, maxTokens) each, the updater's body hands back the same. */
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
 * The updates on a rollout: what all models say of it is measured, the loss is made of that, and several passes
 * follow. Where the first update is one pass over all episodes it would compute the measurement again; so it is begun
 * instead, hands the measurement back, and waits for what becomes of it.
 */
export class RolloutUpdates {
  readonly #parts: RolloutUpdatesParts
  #begun: BegunStep | undefined

  constructor(parts: RolloutUpdatesParts) {
    this.#parts = parts
  }

  /**
   * Outputs of all models. Frozen and trained ones see an episode in the same row of a pass: equal models then say the
   * same to the last digit.
   */
  async measure(episodes: readonly Episode[], iteration: number): Promise<Measured> {
    const { judge, measure, shape, plan, seed } = this.#parts
    const [first] = updatesOf(plan, { seed, iteration })
    const [places = []] = first?.miniBatch ?? []
    if (first && places.length === episodes.length) {
      const shuffled = await this.#measureAndBegin(places.flatMap((place) => episodes[place] ?? []), first.step) // biome-ignore format: one call
      return eachList(shuffled, (list) => inPlaces(list, places))
    }
    const rows = passRows(episodes.length, plan)
    const judged = judge && (await measureEpisodes(judge, episodes, shape, rows))
    return merged(judged, await measureEpisodes(measure, episodes, shape, rows))
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

  async #measureAndBegin(episodes: readonly Episode[], step: number): Promise<Measured> {
    const { updater, judge, measured, lossInputs, shape } = this.#parts
    const judged = judge && (await measureEpisodes(judge, episodes, shape, episodes.length))
    const pause = { early: measured, late: lossInputs(episodes.length) }
    this.#begun = await updater.begin(this.#pass(episodes), pause, step)
    const lists = Object.entries(this.#begun.early).map(([name, { data }]) => [
      name,
      completionLists(data, episodes, shape),
    ])
    return merged(judged, { perToken: Object.fromEntries(lists), perEpisode: {} })
  }

  #pass(episodes: readonly Episode[], lossFeeds: Feeds = {}) {
    const { shape, prompts } = this.#parts
    return { feeds: { ...episodeFeeds(episodes, shape), ...lossFeeds }, dataRows: promptRows(prompts, episodes) }
  }
}

function merged(some: Measured | undefined, more: Measured): Measured {
  return {
    perToken: { ...some?.perToken, ...more.perToken },
    perEpisode: { ...some?.perEpisode, ...more.perEpisode },
  }
}

function eachList({ perToken, perEpisode }: Measured, change: <T>(list: readonly T[]) => T[]): Measured {
  const changed = <T>(lists: Record<string, T[]>) =>
    Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, change(list)]))
  return { perToken: changed(perToken), perEpisode: changed(perEpisode) }
}

/** Undoes a shuffle: item i goes to `places[i]`. */
function inPlaces<T>(items: readonly T[], places: readonly number[]): T[] {
  const ordered: T[] = []
  for (const [i, place] of places.entries()) ordered[place] = items[i] as T
  return ordered
}
