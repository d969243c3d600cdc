export interface AdaptiveKl {
  /** KL of policy to reference that a completion should have, nats. */
  target: number
  /** Episodes over which the coefficient follows: the larger, the slower. */
  horizon: number
}

/**
 * The KL coefficient after a rollout (Ziegler et al., 2019, section 2.2): it grows by up to a fifth over `horizon`
 * episodes while the KL is above its target, and shrinks while below.
 * @param kl - mean over the rollout's completions, summed over their tokens
 * @param episodes - completions of the rollout
 */
export function nextKlCoef(klCoef: number, kl: number, episodes: number, { target, horizon }: AdaptiveKl): number {
  const error = Math.min(0.2, Math.max(-0.2, kl / target - 1))
  return klCoef * (1 + (error * episodes) / horizon)
}
