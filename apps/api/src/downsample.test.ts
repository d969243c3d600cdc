import { describe, expect, it } from 'vitest'
import { downsample, thinCurve } from './downsample.ts'

const curve = (length: number, heightAt: (step: number) => number, name = 'loss') =>
  Array.from({ length }, (_, step) => ({ stage: 'sft', name, step, value: heightAt(step) }))

describe('thinCurve', () => {
  it('keeps a short curve as it is', () => {
    const short = curve(10, (step) => step)
    expect(thinCurve(short, 10)).toEqual(short)
  })

  it('keeps the ends and a lone peak of a long one', () => {
    const thin = thinCurve(
      curve(2000, (step) => (step === 777 ? 50 : 1)),
      100,
    )
    expect(thin).toHaveLength(100)
    expect([thin[0]?.step, thin.at(-1)?.step]).toEqual([0, 1999])
    expect(thin.map((point) => point.value)).toContain(50)
    expect(thin.map((point) => point.step)).toEqual([...new Set(thin.map((point) => point.step))].sort((a, b) => a - b))
  })
})

describe('downsample', () => {
  it('thins each curve by itself', () => {
    const points = [...curve(5, (step) => step, 'accuracy'), ...curve(500, (step) => step)]
    const thin = downsample(points, 50)
    expect(thin.filter((point) => point.name === 'accuracy')).toHaveLength(5)
    expect(thin.filter((point) => point.name === 'loss')).toHaveLength(50)
  })
})
