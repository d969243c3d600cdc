import { expect, it } from 'vitest'
import { tinyFamily } from './families.fixture.ts'
import { activeParameters } from './index.ts'

it('counts the experts that a token is sent to, and all of their router', () => {
  const routerRow = 16 // of each expert: as many weights as a hidden state is wide
  const two = activeParameters(tinyFamily('mixtral', { num_local_experts: 2, num_experts_per_tok: 2 }))
  const four = activeParameters(tinyFamily('mixtral', { num_local_experts: 4, num_experts_per_tok: 2 }))
  expect(four).toBe(two + 2 * 2 * routerRow) // layers, more experts
})

it('counts each layer by its own feed-forward part', () => {
  // Embedding and last norm: 20 · 16 + 16. Of each of 3 layers attention: 16 · (16 + 8 + 8 + 16), norms: 2 · 16 + 2 · 4.
  // Of 2 layers a router: 5 · 16, and 3 of 5 experts: 3 · 3 · 10 · 16. Of the dense layer: 3 · 24 · 16.
  expect(activeParameters(tinyFamily('qwen3_moe'))).toBe(336 + 3 * (768 + 40) + 2 * (80 + 1440) + 1152)
})

it('counts every parameter of a model without experts', () => {
  const model = tinyFamily('llama')
  const count = Object.values(model.initialize(1)).reduce((sum, { length }) => sum + length, 0)
  expect(activeParameters(model)).toBe(count)
})
