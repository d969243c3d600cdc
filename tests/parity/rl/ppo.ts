import { generalizedAdvantages, k1, k3, ppoPolicyLoss, ppoValueLoss, tokenRewards, whiten } from '@temper/engine/losses'
import { TracedProgram } from '@temper/engine/tracing'
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
  const { lengths, kl_coef: klCoef, gamma, lam: gaeLambda } = reference
  const real = (rows: number[][]) => rows.map((row, i) => row.slice(0, lengths[i]))
  const compare = (name: string, actual: number[][], expected: number[][]) =>
    checks.absolute(name, actual.flat(), real(expected).flat(), tolerances.rl)

  const logps = real(reference.logp_old)
  const refLogps = real(reference.logp_ref)
  const rewards = reference.score.map((score, i) => {
    return tokenRewards({ logps: logps[i] ?? [], refLogps: refLogps[i] ?? [], score }, klCoef)
  })
  const values = real(reference.values_old)
  const estimates = rewards.map((row, i) => generalizedAdvantages(row, values[i] ?? [], { gamma, gaeLambda }))
  const advantages = estimates.map((estimate) => estimate.advantages)
  const returns = estimates.map((estimate) => estimate.returns)
  const whitened = whiten(advantages)
  compare('token rewards', rewards, reference.token_rewards)
  compare('advantages', advantages, reference.advantages)
  compare('returns', returns, reference.returns)
  compare('whitened advantages', whitened, reference.whitened_advantages)
  checkKl(reference, real(reference.logp_new).flat(), logps.flat(), refLogps.flat(), checks)
  return { returns, whitened }
}

/** KL of the sampling policy to the updated one by k1 and k3; summed KL to the reference, mean over completions. */
function checkKl(
  reference: Reference,
  newLogps: number[],
  oldLogps: number[],
  refLogps: number[],
  checks: Checks,
): void {
  const sum = (estimator: typeof k1, others: number[]) =>
    oldLogps.reduce((total, logp, i) => total + estimator(logp, others[i] ?? Number.NaN), 0)
  const tokens = oldLogps.length
  checks.absolute('k1', [sum(k1, newLogps) / tokens], [reference.kl_k1], tolerances.rl)
  checks.absolute('k3', [sum(k3, newLogps) / tokens], [reference.kl_k3], tolerances.rl)
  const completions = reference.lengths.length
  checks.absolute('summed KL', [sum(k1, refLogps) / completions], [reference.sum_kl_to_ref], tolerances.rl)
}

type Rollout = ReturnType<typeof checkRollout>

async function checkLosses(reference: Reference, { returns, whitened }: Rollout, checks: Checks): Promise<void> {
  const width = Math.max(...reference.logp_old.map((row) => row.length))
  const padded = (rows: number[][]) =>
    Float32Array.from(rows.flatMap((row) => [...row, ...Array(width - row.length).fill(0)]))
  const mask = reference.lengths.map((length) => Array<number>(length).fill(1))
  const tokens = mask.flat().length
  const program = new TracedProgram()
  const grid = { shape: [reference.lengths.length, width], dtype: 'float32' as const }
  const inputs = {
    logps: grid,
    oldLogps: grid,
    advantages: grid,
    values: grid,
    oldValues: grid,
    returns: grid,
    mask: grid,
    weights: grid,
  }
  const { clip_range: clipRange, value_clip_range: valueClipRange, vf_coef: vfCoef } = reference
  const run = program.define('ppo', { inputs }, (_variables, tensors) => {
    const policy = ppoPolicyLoss(tensors, clipRange)
    const value = ppoValueLoss(tensors, valueClipRange)
    const total = policy.loss.add(value.loss.mul(vfCoef))
    return { ...policy, valueLoss: value.loss, valueClipFraction: value.clipFraction, total }
  })
  const out = await run({
    logps: padded(reference.logp_new),
    oldLogps: padded(reference.logp_old),
    advantages: padded(whitened),
    values: padded(reference.values_new),
    oldValues: padded(reference.values_old),
    returns: padded(returns),
    mask: padded(mask),
    weights: padded(mask.map((row) => row.map((real) => real / tokens))),
  })
  program.close()
  checks.absolute('policy loss', out.loss.data, [reference.policy_loss], tolerances.rl)
  checks.absolute('value loss', out.valueLoss.data, [reference.value_loss], tolerances.rl)
  checks.absolute('total loss', out.total.data, [reference.total_loss], tolerances.rl)
  checks.absolute('clip fraction', out.clipFraction.data, [reference.clip_fraction], tolerances.rl)
  checks.absolute('value clip fraction', out.valueClipFraction.data, [reference.value_clip_fraction], tolerances.rl)
  checks.absolute('approximate KL', out.approxKl.data, [reference.approx_kl_k2], tolerances.rl)
  checks.absolute('mean ratio', out.ratio.data, [reference.ratio_mean], tolerances.rl)
}
