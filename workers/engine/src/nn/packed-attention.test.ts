import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { type AttentionForm, attendedBy, attentionCases } from './packed-rows.fixture.ts'

type Outputs = Awaited<ReturnType<typeof attendedBy>>

function expectClose(actual: Outputs, expected: Outputs, tolerances: { forward: number; gradient: number }) {
  for (const [name, values] of Object.entries(expected)) {
    const others = actual[name as keyof Outputs]
    expect(others).toHaveLength(values.length)
    const worst = Math.max(...values.map((value, i) => Math.abs(value - (others[i] ?? Number.NaN))))
    expect(worst, name).toBeLessThan(name === 'out' ? tolerances.forward : tolerances.gradient)
  }
}

const exact = { forward: 1e-5, gradient: 1e-4 }
const examples = Object.entries(attentionCases)

it.each(examples)('attention in tiles, by our kernel, is plain attention for %s', async (_, example) => {
  expectClose(await attendedBy('kernel', example), await attendedBy('plain', example), exact)
})

it.each(examples)('attention in tiles of plain operations is plain attention for %s', async (_, example) => {
  expectClose(await attendedBy('tiles', example), await attendedBy('plain', example), exact)
})

it.each(examples)('attention in tiles, run eagerly, is plain attention for %s', async (_, example) => {
  expectClose(await attendedBy('eager', example), await attendedBy('plain', example), exact)
})

it.each(['kernel', 'tiles'] satisfies AttentionForm[])('%s takes operands in bf16 and sums in fp32', async (form) => {
  for (const [, example] of examples) {
    const narrow = await attendedBy(form, example, 'bf16')
    expectClose(narrow, await attendedBy('plain', example), { forward: 0.05, gradient: 0.5 })
  }
})

function inChild(command: string[], env: Record<string, string> = {}): Record<string, Outputs> {
  const fixture = new URL('./packed-rows.fixture.ts', import.meta.url)
  const program = `import(${JSON.stringify(fixture.href)}).then((fixture) => fixture.print())`
  const [file = '', ...args] = [...command, process.execPath, '--import', 'tsx', '-e', program]
  const options = { env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 2 ** 28 } as const // biome-ignore format: one row
  return JSON.parse(execFileSync(file, args, options))
}

it('gives the same bits on one thread as on all', async () => {
  const alone = inChild(['taskset', '-c', '0'])
  for (const [name, example] of examples) expect(await attendedBy('kernel', example), name).toEqual(alone[name])
})

it('an older processor computes the same', async () => {
  const older = inChild([], { TEMPER_KERNELS: 'avx2' })
  for (const [name, example] of examples) {
    expectClose(older[name] as Outputs, await attendedBy('plain', example), exact)
  }
})
