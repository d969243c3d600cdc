import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/**
 * Bradley–Terry with ties (Davidson, 1970). Of two answers whose scores differ by `lead`, the first wins with
 * probability e^(lead/2) / s and they tie with ν / s, where s = e^(lead/2) + e^(−lead/2) + ν. Equal answers tie with
 * ν / (2 + ν); ν near 0 is Bradley–Terry.
 * @param lead - (N)
 * @returns negative log-probabilities, each (N)
 */
export function davidsonLosses(lead: Tensor, nu: number): { win: Tensor; tie: Tensor } {
  const half = tf.abs(lead).mul(0.5)
  // log s = |lead| / 2 + log(1 + e^(−|lead|) + ν e^(−|lead| / 2)), which overflows nowhere.
  const rest = tf.add(tf.exp(half.mul(-2)), tf.exp(half.neg()).mul(nu))
  const logSum = half.add(tf.log1p(rest))
  return { win: logSum.sub(lead.mul(0.5)), tie: logSum.sub(Math.log(nu)) }
}

/** The ν under which ties are as likely as they were among answers of equal score, as all are at the start. */
export function tieNuOf(pairs: readonly { tie: boolean }[]): number {
  const ties = pairs.filter(({ tie }) => tie).length
  return (2 * ties) / (pairs.length - ties)
}
