import type { Inputs } from '../tracing/index.ts'
import type { Feeds } from './feeds.ts'

/** One rollout. `completion` ends with a stop token where `stopped`, else the length limit cut it. */
export interface Episode {
  prompt: readonly number[]
  completion: readonly number[]
  stopped: boolean
}

/** Rows of `rowLength` tokens, one episode each; completions are read into (R, maxTokens) grids. */
export interface EpisodeShape {
  rowLength: number
  maxTokens: number
}

/** What `episodeFeeds` gives, inside a function. */
export type EpisodeInputs = Inputs<
  'ids' | 'positions' | 'segments' | 'lossPositions' | 'targets' | 'mask' | 'lastPositions'
>

/**
 * Episodes as model input. Entry (r, t) of the completion grids: `lossPositions` is where the hidden state that predicts
 * token t of episode r stands in (R · T), `targets` the token, `mask` 1 for real ones. `lastPositions` (R) is each
 * episode's last real token, where a reward model reads its score.
 */
export function episodeFeeds(episodes: readonly Episode[], { rowLength, maxTokens }: EpisodeShape): Feeds {
  const rows = episodes.length
  const ids = new Int32Array(rows * rowLength)
  const positions = new Int32Array(rows * rowLength)
  const segments = new Int32Array(rows * rowLength)
  const lossPositions = new Int32Array(rows * maxTokens)
  const targets = new Int32Array(rows * maxTokens)
  const lastPositions = new Int32Array(rows)

  for (const [row, { prompt, completion }] of episodes.entries()) {
    const first = row * rowLength
    const length = prompt.length + completion.length
    ids.set([...prompt, ...completion], first)
    segments.fill(1, first, first + length)
    for (let position = 0; position < length; position++) positions[first + position] = position
    for (const [t, id] of completion.entries()) {
      lossPositions[row * maxTokens + t] = first + prompt.length + t - 1
      targets[row * maxTokens + t] = id
    }
    lastPositions[row] = first + length - 1
  }
  const grid = [rows, rowLength]
  return {
    ids: { shape: grid, data: ids },
    positions: { shape: grid, data: positions },
    segments: { shape: grid, data: segments },
    lossPositions: { shape: [rows * maxTokens], data: lossPositions },
    targets: { shape: [rows * maxTokens], data: targets },
    mask: { shape: [rows, maxTokens], data: completionMask(episodes, maxTokens) },
    lastPositions: { shape: [rows], data: lastPositions },
  }
}

/** (R, maxTokens): 1 for the tokens of each completion. */
function completionMask(episodes: readonly Episode[], maxTokens: number): Float32Array {
  const mask = new Float32Array(episodes.length * maxTokens)
  for (const [row, { completion }] of episodes.entries()) {
    mask.fill(1, row * maxTokens, row * maxTokens + completion.length)
  }
  return mask
}
