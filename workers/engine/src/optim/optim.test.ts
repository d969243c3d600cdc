import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { EagerProgram, gradients } from '../tracing/index.ts'
import { accumulate, accumulatorVariables, takeAccumulated } from './accumulate.ts'
import { clipFactor } from './clip-factor.ts'
import { learningRateAt, warmupSteps } from './learning-rate.ts'
import { optimizerStep, optimizerVariables } from './optimizer-step.ts'

describe('learningRateAt', () => {
  const settings = { learningRate: 1, minLearningRateRatio: 0, warmupSteps: 0, totalSteps: 4 }
  const ratesOf = (schedule: 'linear' | 'cosine' | 'constant', more = {}) =>
    [0, 1, 2, 3, 4, 9].map((step) => Number(learningRateAt(step, { ...settings, schedule, ...more }).toFixed(4)))

  it.each([
    ['linear', {}, [1, 0.75, 0.5, 0.25, 0, 0]],
    ['cosine', {}, [1, 0.8536, 0.5, 0.1464, 0, 0]],
    ['constant', {}, [1, 1, 1, 1, 1, 1]],
    ['linear', { minLearningRateRatio: 0.2 }, [1, 0.8, 0.6, 0.4, 0.2, 0.2]],
    ['linear', { warmupSteps: 2 }, [0.5, 1, 1, 0.5, 0, 0]],
    ['constant', { warmupSteps: 4 }, [0.25, 0.5, 0.75, 1, 1, 1]],
  ] as const)('%s with %o', (schedule, more, expected) => {
    expect(ratesOf(schedule, more)).toEqual(expected)
  })

  it('rounds a share of warm-up steps up, but not for an error of rounding', () => {
    expect([warmupSteps(0, 10), warmupSteps(0.01, 10), warmupSteps(0.1, 30)]).toEqual([0, 1, 3])
    expect(warmupSteps(0.07, 100)).toBe(7) // 0.07 · 100 is a little more than 7
  })
})

describe('clipFactor', () => {
  it('scales gradients down to the norm, and leaves smaller ones', () => {
    const clipped = (maxGradNorm: number) =>
      tf.tidy(() => {
        const { gradScale, gradNorm } = clipFactor({ a: tf.tensor1d([3]), b: tf.tensor1d([0, 4]) }, maxGradNorm)
        return [gradNorm, gradScale].map((tensor) => tensor.dataSync()[0])
      })
    const [norm, factor] = clipped(1)
    expect(norm).toBe(5)
    expect(factor).toBeCloseTo(0.2, 5)
    expect(clipped(10)).toEqual([5, 1])
  })
})

const settings = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 100 }
const scalar = { shape: [], dtype: 'float32' as const }

/** A matrix `w` and a vector `b` of one element each, both 1. */
async function openProgram(): Promise<EagerProgram> {
  const program = new EagerProgram()
  const shapes = { w: [1, 1], b: [1] }
  const data = new Float32Array([1])
  await program.addVariables({
    w: { shape: shapes.w, dtype: 'float32', data },
    b: { shape: shapes.b, dtype: 'float32', data },
  })
  await program.addVariables({ ...optimizerVariables(shapes), ...accumulatorVariables(shapes) })
  return program
}

describe('optimizerStep', () => {
  it('follows AdamW with decay on matrices only', async () => {
    const program = await openProgram()
    const inputs = { grad: scalar, step: scalar }
    const update = program.define('update', { inputs }, (variables, { grad, step }) => {
      const grads = { w: grad.reshape([1, 1]), b: grad.reshape([1]) }
      return { ...optimizerStep(variables, grads, settings, { loss: grad, learningRate: tf.scalar(0.1), step }) }
    })
    const { grad_norm: norm } = await update({ grad: Float32Array.of(0.5), step: Float32Array.of(1) })
    expect(norm.data[0]).toBeCloseTo(Math.SQRT1_2, 6)
    // the first step moves by the learning rate, whatever the gradient's size
    expect((await program.read(['w'])).w?.[0]).toBeCloseTo(0.99 - 0.1, 6)
    expect((await program.read(['b'])).b?.[0]).toBeCloseTo(0.9, 6)
    await update({ grad: Float32Array.of(-1), step: Float32Array.of(2) })
    expect((await program.read(['w'])).w?.[0]).toBeCloseTo(0.9174374, 6)
    expect((await program.read(['b'])).b?.[0]).toBeCloseTo(0.9363374, 6)
    program.close()
  })
})

describe('accumulation', () => {
  it('gives the gradient of the whole batch for passes of different sizes, and begins anew', async () => {
    const program = await openProgram()
    const pass = (size: number) =>
      program.define(`pass of ${size}`, { inputs: { x: { shape: [size], dtype: 'float32' } } }, (variables, { x }) => {
        const { w, b } = variables
        if (!w || !b) throw new Error('no parameters')
        // mean over 3 rows of (w x + b)²: every pass divides by the rows of the whole batch
        const loss = () => x.mul(w.reshape([])).add(b).square().sum().div(3).asScalar()
        const { value, grads } = gradients(loss, { w, b })
        accumulate(variables, grads)
        return { value }
      })
    const take = program.define('take', { inputs: {} }, (variables) => takeAccumulated(variables, ['w', 'b']))
    await pass(2)({ x: Float32Array.of(1, 2) })
    await pass(1)({ x: Float32Array.of(3) })
    const { w, b } = await take({})
    // d/dw: 2/3 · Σ (x + 1) x = 2/3 · (2 + 6 + 12); d/db: 2/3 · Σ (x + 1) = 2/3 · 9
    expect(w?.data[0]).toBeCloseTo(40 / 3, 4)
    expect(b?.data[0]).toBeCloseTo(6, 4)
    expect((await take({})).w?.data[0]).toBe(0)
    program.close()
  })
})
