import { jobSchema } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { packSequences, toBatch } from '../data/index.ts'
import { tinyFamily } from '../models/families.fixture.ts'
import { addRole } from '../models/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { type SupervisedParts, SupervisedTrainer } from './supervised.ts'

const sequence = (...ids: number[]) => ({ ids, lossMask: ids.map((_, i) => i > 0) })
const sequences = [sequence(3, 1, 4, 1, 5), sequence(9, 2, 6), sequence(5, 3, 5, 8, 9, 7)]
const batch = toBatch(packSequences(sequences, { rowLength: 16 }), { rowLength: 16 })

function settingsOf(routerAuxLossCoef: number | undefined): SupervisedParts['settings'] {
  const settings = { learningRate: 0.01, routerAuxLossCoef }
  const job = jobSchema.parse({
    type: 'sft',
    seed: 1,
    outDir: '/out',
    model: '/model',
    data: [{ path: '/data' }],
    settings,
  })
  if (job.type !== 'sft') throw new Error('expected an sft job')
  return job.settings
}

/** Metrics of the first step. */
async function firstStep(more: { config?: object; coefficient?: number; modelType?: string; passes?: number } = {}) {
  const model = tinyFamily(more.modelType ?? 'mixtral', { ...more.config })
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(1))
  const trainer = new SupervisedTrainer({
    program,
    model,
    role: 'policy',
    settings: settingsOf(more.coefficient),
    totalSteps: 4,
    batches: () => Array(more.passes ?? 1).fill(batch),
    checkpoint: { kind: 'policy', stageType: 'sft', tokenizerDir: '/tokenizer', generationConfig: {} },
    nowMs: () => 0,
  })
  await trainer.prepare()
  const metrics = await trainer.advance()
  trainer.close()
  return metrics
}

it('adds the balancing loss with its coefficient, and leaves perplexity to the language', async () => {
  const [without, half] = [await firstStep(), await firstStep({ coefficient: 0.5 })]
  const aux = without.router_aux_loss ?? Number.NaN
  expect(aux).toBeGreaterThan(1.9) // 2 experts a token: 2 where routing is even
  expect(half.loss).toBeCloseTo((without.loss ?? Number.NaN) + 0.5 * aux, 5)
  expect(half.perplexity).toBeCloseTo(without.perplexity ?? Number.NaN, 4)
  expect(half.grad_norm).not.toBeCloseTo(without.grad_norm ?? Number.NaN, 5)
  expect(without.max_expert_load).toBeGreaterThanOrEqual(1)
  expect(without.min_expert_load).toBeLessThanOrEqual(1)
})

it('takes the coefficient of a config.json that asks for the scores of the router', async () => {
  const asked = await firstStep({ config: { output_router_logits: true, router_aux_loss_coef: 0.5 } })
  expect(asked.loss).toBe((await firstStep({ coefficient: 0.5 })).loss)
})

it('is a mean over the passes of a step', async () => {
  const [one, two] = [await firstStep({ coefficient: 0.5 }), await firstStep({ coefficient: 0.5, passes: 2 })]
  for (const name of ['loss', 'router_aux_loss', 'grad_norm']) expect(two[name]).toBeCloseTo(one[name] ?? Number.NaN, 5)
})

it('is refused for a model without experts, which has no such metrics', async () => {
  await expect(firstStep({ modelType: 'llama', coefficient: 0.5 })).rejects.toMatchObject({ code: 'invalid_recipe' })
  expect(await firstStep({ modelType: 'llama' })).not.toHaveProperty('router_aux_loss')
})
