import { join } from 'node:path'
import { pairLossSchema } from '@temper/db/contracts'
import { type DpoSettings, dpoLoss, sequenceLogps } from '@temper/engine/losses'
import { paramsOf } from '@temper/engine/models'
import { tf } from '@temper/engine/runtime'
import { globalNorm, gradients, type Inputs, type Variables } from '@temper/engine/tracing'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'
import { openModels, targetLogps } from './open-models.ts'
import { dpoSchema, forwardSchema } from './reference-files.ts'
import { type BatchKey, batchInputs, tokenBatch } from './token-batch.ts'

/** Completion log-probs of policy and reference, every loss, implicit rewards, gradient norm of the sigmoid loss. */
export async function checkDpo(dir: string): Promise<Checks> {
  const rows = await readJson(join(dir, 'forward.json'), forwardSchema)
  const reference = await readJson(join(dir, 'dpo.json'), dpoSchema)
  const { program, model } = await openModels({ policy: join(dir, 'checkpoint'), ref: join(dir, 'reference') })
  const { inputs, feeds } = batchInputs(tokenBatch(rows, 'completion'))
  const count = inputs.ids.shape[0] ?? 0
  const chosen = Int32Array.from(reference.chosen_rows)
  const rejected = Int32Array.from(reference.rejected_rows)

  const expected = Object.entries(reference.losses)
  const plain: DpoSettings = { loss: 'sigmoid', beta: reference.beta }

  /** Summed log-probs (rows) of both models, and what a loss is computed from. */
  const measure = (variables: Variables, tensors: Inputs<BatchKey | 'chosen' | 'rejected'>) => {
    const [policy, ref] = ['policy', 'ref'].map((role) => targetLogps(model, variables, role, tensors)) as [
      Tensor,
      Tensor,
    ]
    const [policyLogps, refLogps, tokens] = [policy, ref, policy.onesLike()].map((values) =>
      sequenceLogps(values, policy.onesLike(), tensors.rowOf, count),
    ) as [Tensor, Tensor, Tensor]
    const answers = (rows: Tensor) => ({
      policy: policyLogps.gather(rows as never),
      reference: refLogps.gather(rows as never),
      tokens: tokens.gather(rows as never),
    })
    return { policyLogps, refLogps, pairs: { chosen: answers(tensors.chosen), rejected: answers(tensors.rejected) } }
  }
  const pairInputs = {
    chosen: { shape: [chosen.length], dtype: 'int32' as const },
    rejected: { shape: [rejected.length], dtype: 'int32' as const },
  }
  try {
    const run = program.define('dpo', { inputs: { ...inputs, ...pairInputs } }, (variables, tensors) => {
      const { pairs, policyLogps, refLogps } = measure(variables, tensors)
      const { chosenRewards, rejectedRewards } = dpoLoss(pairs, plain)
      const losses = tf.stack(expected.map(([name]) => dpoLoss(pairs, settingsOf(name, reference.beta)).losses.mean()))
      const { grads } = gradients(
        () => dpoLoss(measure(variables, tensors).pairs, plain).losses.mean(),
        paramsOf(variables, 'policy'),
      )
      const gradNorm = globalNorm(Object.values(grads))
      return { policyLogps, refLogps, chosenRewards, rejectedRewards, losses, gradNorm }
    })
    const out = await run({ ...feeds, chosen, rejected })
    const checks = new Checks()
    for (const [i, [name, loss]] of expected.entries()) {
      checks.absolute(`${name} loss`, out.losses.data.slice(i, i + 1), [loss], tolerances.loss)
    }
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

/** A loss with what it was computed with, as `ipo_length_averaged` or `simpo_beta2_gamma1` say it. */
function settingsOf(name: string, beta: number): DpoSettings {
  const loss = pairLossSchema.options.find((known) => name === known || name.startsWith(`${known}_`))
  if (loss === undefined) throw new Error(`the engine has no loss '${name}'`)
  const numberAfter = (key: string) => new RegExp(`_${key}_?([0-9.]+)`).exec(name)?.[1]
  return {
    loss,
    beta: Number(numberAfter('beta') ?? beta),
    labelSmoothing: Number(numberAfter('label_smoothing') ?? 0),
    simpoGamma: Number(numberAfter('gamma') ?? 0),
  }
}
