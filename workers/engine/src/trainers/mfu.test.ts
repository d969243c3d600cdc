import { jobSchema } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { packSequences, toBatch } from '../data/index.ts'
import { tinyFamily } from '../models/families.fixture.ts'
import { addRole, type Model } from '../models/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { type SupervisedParts, SupervisedTrainer } from './supervised.ts'

const ids = [3, 1, 4, 1, 5]
const batch = toBatch(packSequences([{ ids, lossMask: ids.map((_, i) => i > 0) }], { rowLength: 16 }), {
  rowLength: 16,
})
const paths = { outDir: '/out', model: '/model', data: [{ path: '/data' }] }
const { settings } = jobSchema.parse({ type: 'sft', seed: 1, ...paths, settings: {} }) as { settings: SupervisedParts['settings'] } // biome-ignore format: one call

/** The metric of a first step that takes a second by the clock it is given. */
async function mfuOf(model: Model): Promise<number> {
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(1))
  let now = 0
  const nowMs = () => {
    now += 1000
    return now
  }
  const checkpoint = { kind: 'policy', stageType: 'sft', tokenizerDir: '/tokenizer', generationConfig: {} } as const
  const plan = { totalSteps: 4, batches: () => [batch] }
  const trainer = new SupervisedTrainer({ ...plan, program, model, role: 'policy', settings, checkpoint, nowMs })
  await trainer.prepare()
  const { mfu = Number.NaN } = await trainer.advance()
  trainer.close()
  return mfu
}

it('is of the experts that compute a token, however many there are', async () => {
  const [two, four] = [
    await mfuOf(tinyFamily('mixtral', { num_local_experts: 2, num_experts_per_tok: 2 })),
    await mfuOf(tinyFamily('mixtral', { num_local_experts: 4, num_experts_per_tok: 2 })),
  ]
  // All of 6608 parameters, and of 11280 as many and the router's rows for 2 more experts: 2 layers, 16 wide.
  expect(four / two).toBeCloseTo((6608 + 64) / 6608, 9)
})

it('is the same for a stage that is prepared again', async () => {
  const model = tinyFamily('llama')
  expect(await mfuOf(model)).toBe(await mfuOf(model))
})
