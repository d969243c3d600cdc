import { expect, test } from 'vitest'
import { tiny } from '../tiny.fixture.ts'
import { works } from '../works/index.ts'
import { profileStep } from './profile-step.ts'
import { profileTable } from './profile-table.ts'

/** By the engine's own kernel, or by TensorFlow's on a processor without. */
const update = /^(TemperAdamW|ResourceApplyAdam)$/

test('says where the time of a training step goes, and how much of it its products need', async () => {
  const profile = await profileStep(works.sft, { size: tiny, precision: 'fp32', steps: 1 })
  const operations = profile.operations.map(({ op }) => op)
  expect(operations).toContain('MatMul')
  expect(operations.some((op) => update.test(op))).toBe(true)
  expect(profile.product_gflop).toBeGreaterThan(0)
  expect(profile.share_of_peak).toBeLessThan(1)
  expect(profileTable(profile)).toMatch(/^operation .*\n(.*\n)+a step takes .*\nlarge product would take \d+ ms/)
})

test('watches the updates of an iteration that also samples', async () => {
  const { operations } = await profileStep(works.ppo, { size: tiny, precision: 'fp32', steps: 1 })
  const updates = operations.find(({ op }) => update.test(op))
  // 4 epochs, each of the weights of policy and value model.
  expect((updates?.count ?? 0) % 4).toBe(0)
  expect(updates?.count).toBeGreaterThan(4)
})
