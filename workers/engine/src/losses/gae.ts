/** Grids (completions, tokens) row by row; `mask` is 1 for real tokens, which come first in a row. */
export interface AdvantageInput {
  rewards: ArrayLike<number>
  /** V of the state before each token is chosen. */
  values: ArrayLike<number>
  mask: ArrayLike<number>
  /** Tokens a row. */
  rowLength: number
  gamma: number
  lambda: number
}

export interface Advantages {
  advantages: Float32Array
  /** advantages + values: what the value model learns. Both are 0 for padding. */
  returns: Float32Array
}

/**
 * Generalised advantage estimation (Schulman et al., 2015), computed in float64:
 * A_t = δ_t + γλ A_{t+1} with δ_t = r_t + γ V_{t+1} − V_t; after the last real token A and V are 0.
 */
export function generalizedAdvantages({ rewards, values, mask, rowLength, gamma, lambda }: AdvantageInput): Advantages {
  const advantages = new Float32Array(rewards.length)
  const returns = new Float32Array(rewards.length)
  let nextAdvantage = 0
  let nextValue = 0
  for (let i = rewards.length - 1; i >= 0; i--) {
    const endsRow = (i + 1) % rowLength === 0
    if (endsRow || mask[i] === 0) nextAdvantage = nextValue = 0
    if (mask[i] === 0) continue
    const value = values[i] ?? Number.NaN
    nextAdvantage = (rewards[i] ?? Number.NaN) + gamma * nextValue - value + gamma * lambda * nextAdvantage
    nextValue = value
    advantages[i] = nextAdvantage
    returns[i] = nextAdvantage + value
  }
  return { advantages, returns }
}
