export interface Advantages {
  advantages: number[]
  /** advantages + values: what the value model learns. */
  returns: number[]
}

/**
 * Generalised advantage estimation over one completion (Schulman et al., 2015), in float64:
 * A_t = δ_t + γλ A_{t+1}, δ_t = r_t + γ V_{t+1} − V_t; after the last token both are 0.
 * @param rewards - one a completion token
 * @param values - V of the state before each token is chosen
 */
export function generalizedAdvantages(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  { gamma, gaeLambda }: { gamma: number; gaeLambda: number },
): Advantages {
  const advantages = new Array<number>(rewards.length)
  let nextAdvantage = 0
  let nextValue = 0
  for (let t = rewards.length - 1; t >= 0; t--) {
    const value = values[t] ?? Number.NaN
    nextAdvantage = (rewards[t] ?? Number.NaN) + gamma * nextValue - value + gamma * gaeLambda * nextAdvantage
    advantages[t] = nextAdvantage
    nextValue = value
  }
  return { advantages, returns: advantages.map((advantage, t) => advantage + (values[t] ?? Number.NaN)) }
}
