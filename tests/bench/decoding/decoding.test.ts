import { describe, expect, it } from 'vitest'
import { tiny } from '../tiny.fixture.ts'
import { modelOf } from '../works/model.ts'
import { decoding } from './decoding.ts'
import { MeteredProgram, stepBytes } from './memory.ts'
import { plot } from './plot.ts'
import { pointsOf } from './points.ts'
import { tableHead, tableRow } from './table.ts'

const point = {
  batch: 1,
  prompt_length: 64,
  first_token_ms: 12.5,
  prefill_tokens_per_s: 5120,
  step_ms: 2,
  tokens_per_s_each: 500,
  tokens_per_s: 500,
  floor_share: 0.514,
  cache_mib: 0.5,
}

describe('the points', () => {
  it('are batches of short prompts, and longer prompts alone as far as the context goes', () => {
    const shown = (contextLength: number) => pointsOf({ contextLength }).map((at) => [at.batch, at.promptLength])
    const batches = [1, 2, 4, 8, 16, 32, 64].map((batch) => [batch, 64])
    expect(shown(512)).toEqual([...batches, [1, 256]])
    expect(shown(8192)).toEqual([...batches, [1, 256], [1, 1024], [1, 4096]])
  })
})

describe('a step', () => {
  it('reads all weights but the positions, and what the cache holds, in the precision', () => {
    const model = modelOf(tiny)
    const weights = Object.entries(model.parameterShapes).map(([name, shape]) =>
      name.endsWith('wpe.weight') ? 0 : shape.reduce((a, b) => a * b, 1),
    )
    const values = weights.reduce((a, b) => a + b, 0) + 3 * 10 * 2 * 2 * 16
    expect(stepBytes(model, 'fp32', { sequences: 3, held: 10 })).toBe(4 * values)
    expect(stepBytes(model, 'bf16', { sequences: 3, held: 10 })).toBe(2 * values)
    const cached = 3 * 10 * 2 * 2 * 16
    expect(stepBytes(model, 'int8', { sequences: 3, held: 10 })).toBe(values + 3 * cached)
  })
})

it('a metered program counts its caches alone', async () => {
  const program = new MeteredProgram()
  await program.addVariables({
    'policy/weight': { shape: [5], dtype: 'float32', inPlace: true },
    'cache/policy/k/0': { shape: [6, 4], dtype: 'float32', inPlace: true, storage: 'bf16' },
    'cache/policy/v/0': { shape: [6, 4], dtype: 'float32', inPlace: true },
  })
  expect(program.cacheBytes).toBe(48 + 96)
  program.close()
})

describe.each(['fp32', 'bf16', 'int8'] as const)('decoding in %s', (precision) => {
  it('is measured at each point, also where prompts are read in several parts', async () => {
    const points = [
      { batch: 1, promptLength: 5, newTokens: 12 },
      { batch: 3, promptLength: 300, newTokens: 12 },
    ]
    const figures = await decoding({ size: tiny, precision, runs: 1, points })
    expect(figures.read_gb_per_s).toBeGreaterThan(0)
    expect(figures.points.map((at) => [at.batch, at.prompt_length])).toEqual([
      [1, 5],
      [3, 300],
    ])
    // A cache of 3 × 384 positions, 2 layers of keys and values, 16 wide.
    expect(figures.points[1]?.cache_mib).toBeCloseTo(
      (3 * 384 * 2 * 2 * 16 * (precision === 'bf16' ? 2 : 4)) / 2 ** 20,
      3,
    )
    for (const at of figures.points) {
      expect(Object.values(at).every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
      expect(Math.abs(at.tokens_per_s / (at.batch * at.tokens_per_s_each) - 1)).toBeLessThan(0.01)
    }
  })
})

describe('the figures', () => {
  it('stand under their names in the table', () => {
    const row = tableRow(point)
    expect(row).toHaveLength(tableHead.length)
    expect(row.trim().split(/ {2,}/)).toEqual(['1', '64', '12.5', '5120', '500', '500', '51 %', '0.5'])
  })

  it('are drawn as a line over batches and one over lengths of prompts', () => {
    const points = [
      point,
      { ...point, batch: 2, tokens_per_s: 900 },
      { ...point, prompt_length: 256, first_token_ms: 50 },
    ]
    const svg = plot(points)
    expect([...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, at]) => at)).toEqual([
      '0,80 300,16',
      '0,135 300,60',
    ])
    expect(svg).toContain('>1000</text>')
  })
})
