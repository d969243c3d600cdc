import {
  clippedPolicyLoss,
  clippedValueLoss,
  generalizedAdvantages,
  k1,
  k3,
  tokenRewards,
  whiten,
} from '@temper/engine/losses'
import { EagerProgram } from '@temper/engine/tracing'
import { z } from 'zod'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'

const numbers = z.array(z.number())
const grid = z.array(numbers)

const schema = z.object({
  lengths: numbers,
  logp_old: grid,
  logp_new: grid,
  logp_ref: grid,
  values_old: grid,
  values_new: grid,
  score: numbers,
  kl_coef: z.number(),
  gamma: z.number(),
  lam: z.number(),
  clip_range: z.number(),
  value_clip_range: z.number(),
  vf_coef: z.number(),
  token_rewards: grid,
  advantages: grid,
  returns: grid,
  whitened_advantages: grid,
  policy_loss: z.number(),
  value_loss: z.number(),
  total_loss: z.number(),
  clip_fraction: z.number(),
  value_clip_fraction: z.number(),
  approx_kl_k2: z.number(),
  kl_k1: z.number(),
  kl_k3: z.number(),
  sum_kl_to_ref: z.number(),
  ratio_mean: z.number(),
})
type Reference = z.infer<typeof schema>

/** One padded PPO batch with every value on the way: rewards, advantages, losses, KL estimators. */
export async function checkPpo(json: unknown): Promise<Checks> {
  const reference = schema.parse(json)
  const checks = new Checks()
  const rollout = checkRollout(reference, checks)
  await checkLosses(reference, rollout, checks)
  return checks
}

function checkRollout(reference: Reference, checks: Checks) {
  const width = reference.logp_old[0]?.length ?? 0
  const mask = Float32Array.from({ length: reference.lengths.length * width }, (_, i) => {
    return i % width < (reference.lengths[Math.floor(i / width)] ?? 0) ? 1 : 0
  })
  const real = (rows: number[][]) => rows.flat().filter((_, i) => mask[i] === 1)
  const compare = (name: string, actual: Float32Array, expected: number[][]) =>
    checks.absolute(
      name,
      actual.filter((_, i) => mask[i] === 1),
      real(expected),
      tolerances.rl,
    )

  const logps = reference.logp_old.flat()
  const refLogps = reference.logp_ref.flat()
  const values = reference.values_old.flat()
  const { rewards, kl } = tokenRewards({ logps, refLogps, mask, scores: reference.score, klCoef: reference.kl_coef })
  const { gamma, lam: lambda } = reference
  const { advantages, returns } = generalizedAdvantages({ rewards, values, mask, rowLength: width, gamma, lambda })
  const whitened = whiten(advantages, mask)
  compare('token rewards', rewards, reference.token_rewards)
  compare('advantages', advantages, reference.advantages)
  compare('returns', returns, reference.returns)
  compare('whitened advantages', whitened, reference.whitened_advantages)
  checkKl(reference, kl, real(reference.logp_new), real(reference.logp_old), checks)
  return { mask, returns, whitened }
}

/** KL of the sampling policy to the updated one by k1 and k3; summed KL to the reference, mean over completions. */
function checkKl(reference: Reference, kl: Float32Array, logpNew: number[], logpOld: number[], checks: Checks): void {
  const ratios = logpOld.map((logp, i) => logp - (logpNew[i] ?? Number.NaN))
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
  checks.absolute('k1', [mean(ratios.map(k1))], [reference.kl_k1], tolerances.rl)
  checks.absolute('k3', [mean(ratios.map(k3))], [reference.kl_k3], tolerances.rl)
  const summed = kl.reduce((sum, value) => sum + value, 0) / reference.lengths.length
  checks.absolute('summed KL to the reference', [summed], [reference.sum_kl_to_ref], tolerances.rl)
}

type Rollout = ReturnType<typeof checkRollout>

async function checkLosses(reference: Reference, { mask, returns, whitened }: Rollout, checks: Checks): Promise<void> {
  const program = new EagerProgram()
  const grid = { shape: [reference.lengths.length, mask.length / reference.lengths.length], dtype: 'float32' as const }
  const inputs = {
    logps: grid,
    oldLogps: grid,
    advantages: grid,
    values: grid,
    oldValues: grid,
    returns: grid,
    mask: grid,
  }
  const { clip_range: clipRange, value_clip_range: valueClipRange, vf_coef: vfCoef } = reference
  const run = program.define('ppo', { inputs }, (_variables, tensors) => {
    const policy = clippedPolicyLoss({ ...tensors, clipRange })
    const value = clippedValueLoss({ ...tensors, clipRange: valueClipRange })
    const total = policy.loss.add(value.loss.mul(vfCoef))
    return { ...policy, valueLoss: value.loss, valueClipFraction: value.clipFraction, total }
  })
  const out = await run({
    logps: Float32Array.from(reference.logp_new.flat()),
    oldLogps: Float32Array.from(reference.logp_old.flat()),
    advantages: whitened,
    values: Float32Array.from(reference.values_new.flat()),
    oldValues: Float32Array.from(reference.values_old.flat()),
    returns,
    mask,
  })
  program.close()
  checks.absolute('policy loss', out.loss.data, [reference.policy_loss], tolerances.rl)
  checks.absolute('value loss', out.valueLoss.data, [reference.value_loss], tolerances.rl)
  checks.absolute('total loss', out.total.data, [reference.total_loss], tolerances.rl)
  checks.absolute('clip fraction', out.clipFraction.data, [reference.clip_fraction], tolerances.rl)
  checks.absolute('value clip fraction', out.valueClipFraction.data, [reference.value_clip_fraction], tolerances.rl)
  checks.absolute('approximate KL', out.approxKl.data, [reference.approx_kl_k2], tolerances.rl)
  checks.absolute('mean ratio', out.ratioMean.data, [reference.ratio_mean], tolerances.rl)
}
