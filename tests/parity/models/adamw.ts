import { join } from 'node:path'
import { learningRateAt, optimizerStep, optimizerVariables } from '@temper/engine/optim'
import { gradients } from '@temper/engine/tracing'
import type { z } from 'zod'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'
import { openModels, targetLogps } from './open-models.ts'
import { adamwSchema, forwardSchema } from './reference-files.ts'
import { batchInputs, tokenBatch } from './token-batch.ts'

type Reference = z.infer<typeof adamwSchema>

/** Losses, gradient norms and learning rates of AdamW steps on the completion loss. */
export async function checkAdamw(dir: string): Promise<Checks> {
  const reference = await readJson(join(dir, 'adamw.json'), adamwSchema)
  const rows = await readJson(join(dir, 'forward.json'), forwardSchema)
  const { program, model } = await openModels({ policy: join(dir, 'checkpoint') })
  try {
    const names = Object.keys(model.parameterShapes).map((name) => `policy/${name}`)
    await program.addVariables(
      optimizerVariables(Object.fromEntries(names.map((name) => [name, program.shapeOf(name)]))),
    )
    const { inputs, feeds } = batchInputs(tokenBatch(rows, 'completion'))
    const scalar = { shape: [], dtype: 'float32' as const }
    const settings = optimizerSettings(reference)
    const step = program.define(
      'step',
      { inputs: { ...inputs, learningRate: scalar, step: scalar } },
      (variables, tensors) => {
        const trained = Object.fromEntries(names.map((name) => [name, variables[name] as never]))
        const loss = () => targetLogps(model, variables, 'policy', tensors).mean().neg()
        const { value, grads } = gradients(loss, trained)
        return { loss: value, ...optimizerStep(variables, grads, settings, { ...tensors, loss: value }) }
      },
    )
    const run = (count: number, learningRate: number) =>
      step({ ...feeds, learningRate: Float32Array.of(learningRate), step: Float32Array.of(count) })
    return await followTrajectory(reference, run)
  } finally {
    program.close()
  }
}

function optimizerSettings({ betas: [beta1, beta2], eps, weight_decay_matrices, clip }: Reference) {
  return { beta1, beta2, epsilon: eps, weightDecay: weight_decay_matrices, maxGradNorm: clip }
}

type Run = (step: number, learningRate: number) => Promise<Record<'loss' | 'grad_norm', { data: ArrayLike<number> }>>

async function followTrajectory(reference: Reference, run: Run): Promise<Checks> {
  const checks = new Checks()
  const schedule = {
    learningRate: reference.lr_peak,
    schedule: 'cosine' as const,
    minLearningRateRatio: 0,
    warmupSteps: reference.warmup,
    totalSteps: reference.steps,
  }
  for (const { step, lr, loss, grad_norm } of reference.trajectory) {
    const learningRate = learningRateAt(step, schedule)
    const out = await run(step + 1, learningRate)
    checks.relative(`learning rate of step ${step}`, [learningRate], [lr], 1e-6)
    checks.absolute(`loss of step ${step}`, out.loss.data, [loss], tolerances.trajectoryLoss)
    checks.relative(`gradient norm of step ${step}`, out.grad_norm.data, [grad_norm], tolerances.gradientNorm)
  }
  return checks
}
