import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { layerPart, layerParts, layerSizes } from './layer-kernels.fixture.ts'

type Outputs = Record<string, number[]>

/** To a few last digits of the largest value, which is what a sum of such values can be exact to. */
function expectClose(actual: Outputs, expected: Outputs, what: string) {
  expect(Object.keys(actual)).toEqual(Object.keys(expected))
  for (const [name, values] of Object.entries(expected)) {
    const largest = Math.max(...values.map(Math.abs))
    const worst = Math.max(...values.map((value, i) => Math.abs(value - (actual[name]?.[i] ?? Number.NaN))))
    expect(worst, `${what}: ${name}`).toBeLessThan(2e-6 * Math.max(1, largest))
  }
}

const cases = Object.keys(layerParts).flatMap((name) => layerSizes.map((size) => [name, size] as const))

it.each(cases)(
  '%s of %s rows and places by our kernel is that of plain operations, and so is its gradient',
  async (...[name, size]) => {
    expectClose(await layerPart(name, size), await layerPart(name, size, false), name)
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
  for (const [name, size] of cases) expect(await layerPart(name, size), name).toEqual(alone[`${name} ${size}`])
})

it('an older processor computes the same', async () => {
  const older = inChild([], { TEMPER_KERNELS: 'avx2' })
  for (const [name, size] of cases) {
    expectClose(older[`${name} ${size}`] as Outputs, await layerPart(name, size, false), name)
  }
})
