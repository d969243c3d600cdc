import { expect, test } from 'vitest'
import { TracedProgram } from './index.ts'

test('keeps state between calls', async () => {
  const program = new TracedProgram()
  await program.addVariables({ total: { shape: [2], dtype: 'float32' } })
  const add = program.define('add', { inputs: { x: { shape: [2], dtype: 'float32' } } }, ({ total }, { x }) => {
    const sum = total?.add(x) ?? x
    total?.assign(sum)
    return { sum }
  })
  await add({ x: Float32Array.of(1, 2) })
  const { sum } = await add({ x: Float32Array.of(1, 2) })
  expect(sum).toEqual({ shape: [2], data: Float32Array.of(2, 4) })
  expect(await program.read(['total'])).toEqual({ total: Float32Array.of(2, 4) })
  program.close()
})
