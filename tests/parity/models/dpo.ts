import { join } from 'node:path'
import { dpoLoss, sequenceLogps } from '@temper/engine/losses'
import { paramsOf } from '@temper/engine/models'
import { globalNorm, gradients, type Inputs, type Variables } from '@temper/engine/tracing'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'
import { openModels, targetLogps } from './open-models.ts'
import { dpoSchema, forwardSchema } from './reference-files.ts'
import { type BatchKey, batchInputs, tokenBatch } from './token-batch.ts'

/** Completion log-probs of policy and reference, sigmoid losses, implicit rewards, gradient norm of the plain loss. */
export async function checkDpo(dir: string): Promise<Checks> {
  const rows = await readJson(join(dir, 'forward.json'), forwardSchema)
  const reference = await readJson(join(dir, 'dpo.json'), dpoSchema)
  const { program, model } = await openModels({ policy: join(dir, 'checkpoint'), ref: join(dir, 'reference') })
  const { inputs, feeds } = batchInputs(tokenBatch(rows, 'completion'))
  const count = inputs.ids.shape[0] ?? 0
  const chosen = Int32Array.from(reference.chosen_rows)
  const rejected = Int32Array.from(reference.rejected_rows)

  /** Summed log-probs (rows) of both models, and the loss of the pairs. */
  const losses = (variables: Variables, tensors: Inputs<BatchKey | 'chosen' | 'rejected'>, labelSmoothing = 0) => {
    const logpsOf = (role: string) => {
      const tokens = targetLogps(model, variables, role, tensors)
      return sequenceLogps(tokens, tokens.onesLike(), tensors.rowOf, count)
    }
    const [policyLogps, refLogps] = [logpsOf('policy'), logpsOf('ref')]
    const pairs = {
      chosen: policyLogps.gather(tensors.chosen as never),
      rejected: policyLogps.gather(tensors.rejected as never),
      refChosen: refLogps.gather(tensors.chosen as never),
      refRejected: refLogps.gather(tensors.rejected as never),
    }
    return { policyLogps, refLogps, ...dpoLoss(pairs, { beta: reference.beta, labelSmoothing }) }
  }
  const pairInputs = {
    chosen: { shape: [chosen.length], dtype: 'int32' as const },
    rejected: { shape: [rejected.length], dtype: 'int32' as const },
  }
  try {
    const run = program.define('dpo', { inputs: { ...inputs, ...pairInputs } }, (variables, tensors) => {
      const { losses: plain, ...values } = losses(variables, tensors)
      const smoothed = losses(variables, tensors, 0.1).losses.mean()
      const { grads } = gradients(() => losses(variables, tensors).losses.mean(), paramsOf(variables, 'policy'))
      return { ...values, loss: plain.mean(), smoothed, gradNorm: globalNorm(Object.values(grads)) }
    })
    const out = await run({ ...feeds, chosen, rejected })
    const checks = new Checks()
    const { sigmoid = Number.NaN, 'sigmoid_label_smoothing_0.1': smoothed } = reference.losses
    checks.absolute('sigmoid loss', out.loss.data, [sigmoid], tolerances.loss)
    if (smoothed !== undefined) checks.absolute('smoothed loss', out.smoothed.data, [smoothed], tolerances.loss)
    checks.absolute('policy logps', out.policyLogps.data, reference.policy_logps, tolerances.logits)
    checks.absolute('ref logps', out.refLogps.data, reference.ref_logps, tolerances.logits)
    checks.absolute('chosen rewards', out.chosenRewards.data, reference.rewards_chosen, tolerances.loss)
    checks.absolute('rejected rewards', out.rejectedRewards.data, reference.rewards_rejected, tolerances.loss)
    checks.relative('gradient norm', out.gradNorm.data, [reference.sigmoid_grad_global_norm], tolerances.gradientNorm)
    return checks
  } finally {
    program.close()
  }
}
