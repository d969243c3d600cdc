import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { layerPart, layerParts, layerSizes } from './layer-kernels.fixture.ts'

type Outputs = Record<string, number[]>

/** Of the largest value: a few last digits, which is what a sum of such values can be exact to; of bf16 half of the last. */
const tolerances = { fp32: 2e-6, bf16: 2 ** -8 }

function expectClose(actual: Outputs, expected: Outputs, what: string, precision: keyof typeof tolerances) {
  expect(Object.keys(actual)).toEqual(Object.keys(expected))
  for (const [name, values] of Object.entries(expected)) {
    const largest = Math.max(...values.map(Math.abs))
    const worst = Math.max(...values.map((value, i) => Math.abs(value - (actual[name]?.[i] ?? Number.NaN))))
    expect(worst, `${what}: ${name}`).toBeLessThan(tolerances[precision] * Math.max(1, largest))
  }
}

const cases = Object.keys(layerParts).flatMap((name) =>
  layerSizes.flatMap((size) => (['fp32', 'bf16'] as const).map((precision) => [name, size, precision] as const)),
)

it.each(cases)(
  '%s of %s rows and places in %s by our kernel is that of plain operations in fp32, and so is its gradient',
  async (...[name, size, precision]) => {
    expectClose(
      await layerPart(name, size, { precision }),
      await layerPart(name, size, { kernels: false }),
      name,
      precision,
    )
  },
)

function inChild(command: string[], env: Record<string, string> = {}): Record<string, Outputs> {
  const fixture = new URL('./layer-kernels.fixture.ts', import.meta.url)
  const program = `import(${JSON.stringify(fixture.href)}).then((fixture) => fixture.print())`
  const [file = '', ...args] = [...command, process.execPath, '--import', 'tsx', '-e', program]
  return JSON.parse(execFileSync(file, args, { env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 2 ** 28 }))
}

it('gives the same bits on one thread as on all', async () => {
  const alone = inChild(['taskset', '-c', '0'])
  for (const [name, size, precision] of cases) {
    expect(await layerPart(name, size, { precision }), name).toEqual(alone[`${name} ${size} ${precision}`])
  }
})

it('an older processor computes the same', async () => {
  const older = inChild([], { TEMPER_KERNELS: 'avx2' })
  for (const [name, size, precision] of cases) {
    const found = older[`${name} ${size} ${precision}`] as Outputs
    expectClose(found, await layerPart(name, size, { kernels: false }), name, precision)
  }
})
