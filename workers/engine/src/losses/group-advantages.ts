import { TemperError } from '@temper/db/contracts'

/**
 * GRPO (Shao et al., 2024): (reward − mean) / (standard deviation + 1e-4), in float64. The deviation divides by n − 1,
 * as torch.std does.
 * @param rewards - of the completions of one prompt
 * @throws TemperError invalid_input for fewer than two
 */
export function grpoAdvantages(rewards: readonly number[]): number[] {
  const mean = groupSum(rewards) / rewards.length
  const squares = rewards.reduce((total, reward) => total + (reward - mean) ** 2, 0)
  const scale = 1 / (Math.sqrt(squares / (rewards.length - 1)) + 1e-4)
  return rewards.map((reward) => (reward - mean) * scale)
}

/**
 * RLOO (Ahmadian et al., 2024): reward − mean of the others in the group, in float64.
 * @param rewards - of the completions of one prompt
 * @throws TemperError invalid_input for fewer than two
 */
export function rlooAdvantages(rewards: readonly number[]): number[] {
  const sum = groupSum(rewards)
  return rewards.map((reward) => reward - (sum - reward) / (rewards.length - 1))
}

function groupSum(rewards: readonly number[]): number {
  if (rewards.length >= 2) return rewards.reduce((total, reward) => total + reward, 0)
  throw new TemperError('invalid_input', `a group needs at least 2 completions, got ${rewards.length}`)
}
