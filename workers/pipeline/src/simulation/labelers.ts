import type { VoteChoice } from '@temper/db/contracts'
import { random, randomInt, seedOf } from '@temper/engine/random'

export interface SimulatedVote {
  choice: VoteChoice
  /** 1 to 3, by how far the scores are apart. */
  strength: 1 | 2 | 3
}

/** Below this score an answer is bad: a tie of two such answers is voted `both_bad`. */
const badScore = 1.5
/** Differences from which a vote has strength 2 and 3. */
const clear = 1.5
const strong = 3.5

/**
 * How a simulated labeler votes on one comparison: for the higher score, a tie within `tieMargin`, and at random (left,
 * right or tie) in a share `noise` of the votes. A function of its arguments.
 *
 * @param scores of the left and right answer by the labelers' taste
 * @param options.labeler number of the labeler; `options.comparison` number of the comparison
 */
export function simulateVote(
  scores: { left: number; right: number },
  options: { noise: number; tieMargin: number; seed: number; labeler: number; comparison: number },
): SimulatedVote {
  const { noise, tieMargin, seed, labeler, comparison } = options
  const stream = [seedOf('labelers'), labeler, comparison]
  if (random(seed, ...stream, 0) < noise) {
    const choices = ['left', 'right', 'tie'] as const
    return { choice: choices[randomInt(choices.length, seed, ...stream, 1)] ?? 'tie', strength: 1 }
  }
  const difference = scores.left - scores.right
  const size = Math.abs(difference)
  if (size <= tieMargin) {
    return { choice: Math.max(scores.left, scores.right) < badScore ? 'both_bad' : 'tie', strength: 1 }
  }
  return { choice: difference > 0 ? 'left' : 'right', strength: size < clear ? 1 : size < strong ? 2 : 3 }
}
