import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readResumeState, writeResumeState } from '../checkpoint/index.ts'
import { lastCheckpoint, makeToy, metricsOf, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'

let toy: Toy
beforeAll(async () => {
  toy = await makeToy()
})
afterAll(() => toy.remove())

const pretrain = (settings: object) => toy.pretrain({ checkpointEverySteps: 1000, ...settings })

it('ends 300 steps in bf16 and in fp16 within 1 % of the loss of fp32', async () => {
  const lossOf = async (precision: string) => {
    const steps = 300
    const job = segmentOf(pretrain({ precision, steps, minLearningRateRatio: 0 }), path.join(toy.dir, precision))
    const losses = metricsOf(await runToyJob(job)).map(({ values }) => values.loss ?? Number.NaN)
    expect(losses).toHaveLength(steps)
    return losses.slice(-20).reduce((sum, loss) => sum + loss / 20, 0)
  }
  const exact = await lossOf('fp32')
  for (const precision of ['bf16', 'fp16']) expect(Math.abs((await lossOf(precision)) / exact - 1)).toBeLessThan(0.01)
}, 60_000)

it('goes on in fp16 with the scale of a checkpoint, and ends with the bits of an undisturbed run', async () => {
  const job = pretrain({ precision: 'fp16', steps: 16, gradientAccumulation: 2, batchSize: 2 })
  const start = lastCheckpoint(await runToyJob(segmentOf(job, path.join(toy.dir, 'start'), undefined, 1)))
  // A scale that overflows, so that the run is about to halve it some times.
  const { tensors, state } = await readResumeState(start)
  const scale = tensors['loss_scale/scale']
  if (!scale) throw new Error('the checkpoint has no loss scale')
  expect(scale.data[0]).toBe(2 ** 16)
  await writeResumeState(start, { state, tensors: { ...tensors, 'loss_scale/scale': { ...scale, data: Float32Array.of(2 ** 26) } } }) // biome-ignore format: one change

  const whole = await runToyJob(segmentOf(job, path.join(toy.dir, 'whole'), start))
  const parts = path.join(toy.dir, 'parts')
  const first = await runToyJob(segmentOf(job, parts, start, 2))
  const second = await runToyJob(segmentOf(job, parts, lastCheckpoint(first), 5))
  const third = await runToyJob(segmentOf(job, parts, lastCheckpoint(second)))
  const skips = metricsOf(whole).map(({ values }) => values.skipped_steps ?? 0)
  expect(skips[1]).toBe(2) // the first part ends in the midst of them
  expect(skips.at(-1)).toBeGreaterThan(2)
  expect(skips.at(-1)).toBeLessThan(15)
  expect(metricsOf([...first, ...second, ...third])).toEqual(metricsOf(whole))
  for (const file of ['model.safetensors', 'resume/state.safetensors', 'resume/state.json']) {
    const [expected, actual] = await Promise.all([whole, third].map((run) => readFile(path.join(lastCheckpoint(run), file)))) // biome-ignore format: one line
    expect(actual?.equals(expected as Buffer), file).toBe(true)
  }
})
