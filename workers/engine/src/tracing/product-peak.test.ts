import { expect, it } from 'vitest'
import { productPeak } from './product-peak.ts'

it('is measured once in the life of a process, for each precision', async () => {
  const first = await productPeak('fp32')
  expect(first).toBeGreaterThan(0)
  expect(await productPeak('fp32')).toBe(first)
  expect(await productPeak('bf16')).not.toBe(first)
})
