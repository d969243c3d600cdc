import type { GroupPolicyInput, GroupPolicyLoss, KlEstimator } from '../losses/index.ts'

/** Where methods that compare completions of one prompt differ. */
export interface GroupMethod {
  /** By which the KL to the reference is told. */
  klEstimator: KlEstimator
  /** What a completion is worth. `kl`: its summed KL to the reference, 0 where there is none. */
  reward(score: number, kl: number): number
  /** Of the completions of one prompt, by their rewards. */
  advantages(rewards: readonly number[]): number[]
  /** What each token of a completion counts in the loss, for the lengths of a mini-batch's completions. */
  tokenWeights(lengths: readonly number[]): number[]
  loss(input: GroupPolicyInput): GroupPolicyLoss
}
