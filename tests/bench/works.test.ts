import { describe, expect, it } from 'vitest'
import { measure } from './measure.ts'
import type { Size } from './sizes.ts'
import { tiny } from './tiny.fixture.ts'
import { workNames, works } from './works/index.ts'

const tinyLlama: Size = { ...tiny, llama: { nKvHead: 1, intermediateSize: 24, contextLength: 64 } }
/** The two steps of the peer's warm-up, then the one that is timed: 4 + 3 and 15 + 1 tokens of rows of 16. */
const dialogues = [[9, 9, 9], [9, 9, 9], [9, 9, 9], [9, 9, 9], [4, 3, 2], [90, 1, 20]].map(([prompt = 0, chosen = 0, rejected = 0]) => ({ prompt, chosen, rejected })) // biome-ignore format: one table
const perStep = { sft: 32, reward: 2, dpo: 2, generate: 12, ppo: 3, sft_real: 23, dpo_real: 2 }

describe.each(workNames)('%s', (name) => {
  it.each(['fp32', 'bf16'] as const)('is measured in %s after two warm-ups', async (precision) => {
    let steps = 0
    const onStep = () => {
      steps++
    }
    const figures = await measure(works[name], { size: tiny, precision, steps: 1, dialogues, onStep })
    expect(steps).toBe('dialogues' in works[name] ? 2 : 3)
    const perSecond = Number(figures[works[name].figure])
    const share = (perSecond * figures.step_ms) / 1000 / perStep[name]
    // Both numbers are rounded, which shows in steps of a millisecond.
    expect(Math.abs(share - 1)).toBeLessThan(0.1)
  })

  it("is measured for a model of Llama's layout", async () => {
    const figures = await measure(works[name], { size: tinyLlama, precision: 'fp32', steps: 1, dialogues })
    expect(figures[works[name].figure]).toBeGreaterThan(0)
  })
})

it('dpo says what a step takes without its reference', async () => {
  const figures = await measure(works.dpo, { size: tiny, precision: 'fp32', steps: 1 })
  expect(figures.note).toMatch(/^the reference is computed every step; .* a step takes \d+\.\d ms$/)
})
