import { describe, expect, it } from 'vitest'
import { type MemoryFigures, measureMemory, memoryRow } from './memory.ts'
import { plotMemory } from './plot-memory.ts'
import { attentionForms, headForms, memoryPoints } from './points.ts'
import { openStep } from './training-step.ts'

const figure = (length: number, peak_mib: number, form: 'plain' | 'tiled' = 'plain'): MemoryFigures => ({
  ...({ part: 'attention', form, length, peak_mib, seconds: 1.5 } as const),
})

describe('the points', () => {
  it('are rows of up to 8,192 tokens in each form of attention and of the head', () => {
    const points = memoryPoints()
    expect(points).toHaveLength(6 * (attentionForms.length + headForms.length))
    expect(new Set(points.map(({ length }) => length))).toEqual(new Set([256, 512, 1024, 2048, 4096, 8192]))
  })
})

describe('a step', () => {
  it.each(['attention', 'head'] as const)('of the %s does the same in each form', async (part) => {
    const forms = part === 'attention' ? attentionForms : headForms
    const norms: number[] = []
    for (const form of forms) {
      const step = await openStep({ part, form, length: part === 'attention' ? 600 : 400 } as Parameters<typeof openStep>[0]) // biome-ignore format: one call
      norms.push(await step.run())
      step.close()
    }
    for (const norm of norms) expect(norm / (norms[0] ?? Number.NaN)).toBeCloseTo(1, 4)
  })

  it('is measured in a process of its own', async () => {
    const points = [{ part: 'attention', form: 'tiled', length: 64 } as const]
    const [measured] = await measureMemory({ points })
    expect(measured).toMatchObject(points[0] as object)
    expect(measured?.peak_mib).toBeGreaterThan(0)
  })
})

describe('the figures', () => {
  it('are lines of text', () => {
    expect(memoryRow(figure(256, 12)).split(/ {2,}/)).toEqual(['attention', 'plain', '256', '12 MiB 1.5 s'])
  })

  it('are drawn as a line a form', () => {
    const svg = plotMemory([figure(256, 100), figure(512, 400), figure(256, 50, 'tiled'), figure(512, 100, 'tiled')])
    expect([...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, at]) => at)).toEqual([
      '0,120 300,0',
      '0,140 300,120',
    ])
    expect(svg).toContain('>tiled</text>')
  })
})
