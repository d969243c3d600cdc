import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { attended, products } from './own-kernels.fixture.ts'

const sizes: [number, number, number][] = []
for (const rows of [1, 2, 3, 8, 9, 31, 64]) for (const inner of [16, 17, 63, 100]) for (const outer of [17, 96, 97]) sizes.push([rows, inner, outer]) // biome-ignore format: one table

/**
 * Shares of the number, or of 1 where it is smaller: sums in another order differ by few digits of fp32, and where they
 * are rounded to bf16, by one digit, which is 2^-7 of the number at most.
 */
const tolerances = { fp32: 1e-5, bf16: 2 ** -7, int8: 1e-5 }

function expectClose(actual: number[][], expected: number[][], tolerance: number) {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length))
  const off = (x: number, y: number) => Math.abs(x - y) / Math.max(1, Math.abs(y))
  const worst = Math.max(...actual.flatMap((list, i) => list.map((x, k) => off(x, expected[i]?.[k] ?? Number.NaN))))
  expect(worst).toBeLessThanOrEqual(tolerance)
}

describe.each(['fp32', 'bf16', 'int8'] as const)('products of our own with weights in %s', (storage) => {
  it('are those of TensorFlow, whatever the sizes', async () => {
    for (const size of sizes) {
      const [own, plain] = [await products(true, storage, size), await products(false, storage, size)]
      expectClose(own, plain, tolerances[storage])
    }
  })

  it('give a row the same digits whatever rows are beside it', async () => {
    const [alone = []] = await products(true, storage, [1, 63, 97])
    for (const rows of [2, 7, 8, 33, 64]) {
      const [together = []] = await products(true, storage, [rows, 63, 97])
      expect(together.slice(0, 97)).toEqual(alone)
    }
  })
})

describe.each(['fp32', 'bf16'] as const)('attention of our own in %s', (precision) => {
  it('attends as plain operations do, in parts, by window, in any order of slots', async () => {
    expectClose(await attended(true, precision), await attended(false, precision), tolerances[precision])
  })
})

it('an older processor computes the same', async () => {
  const fixture = new URL('./own-kernels.fixture.ts', import.meta.url)
  const program = `import(${JSON.stringify(fixture.href)}).then((fixture) => fixture.print())`
  const output = execFileSync(process.execPath, ['--import', 'tsx', '-e', program], {
    env: { ...process.env, TEMPER_KERNELS: 'avx2' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const older = JSON.parse(output)
  expectClose(older.fp32, await products(false, 'fp32', [9, 63, 97]), tolerances.fp32)
  expectClose(older.bf16, await products(false, 'bf16', [9, 63, 97]), tolerances.bf16)
  expectClose(older.int8, await products(false, 'int8', [9, 63, 97]), tolerances.int8)
  expectClose(older.attended, await attended(false, 'bf16'), tolerances.bf16)
})
