import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Draws, manyDraws, mixedSettings, sampledRows } from './sampled-rows.fixture.ts'

const draws = 200

function expectSame(actual: Draws, expected: Draws) {
  expect(actual.ids).toEqual(expected.ids)
  const worst = Math.max(...actual.logps.map((logp, i) => Math.abs(logp - (expected.logps[i] ?? Number.NaN))))
  expect(actual.logps).toHaveLength(expected.logps.length)
  expect(worst).toBeLessThan(1e-5)
}

describe.each(['fp32', 'bf16'] as const)('the kernel that samples, in %s', (precision) => {
  it.each([
    ['every filter and penalty', true],
    ['every filter', false],
  ])('draws what plain operations draw of the same uniforms, with %s in one batch', async (_, penalties) => {
    const [own, plain] = [
      await sampledRows(true, precision, penalties, draws),
      await sampledRows(false, precision, penalties, draws),
    ]
    expect(new Set(own.ids).size).toBeGreaterThan(150)
    expect(own.ids).toHaveLength(draws * mixedSettings.length)
    expectSame(own, plain)
  })
})

it.each(['avx2', 'none'])('draws the same with the instruction set %s', async (set) => {
  const fixture = new URL('./sampled-rows.fixture.ts', import.meta.url)
  const program = `import(${JSON.stringify(fixture.href)}).then(async ({ sampledRows }) =>
    process.stdout.write(JSON.stringify(await sampledRows(true, 'fp32', true, ${draws}))))`
  const output = execFileSync(process.execPath, ['--import', 'tsx', '-e', program], {
    env: { ...process.env, TEMPER_KERNELS: set },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expectSame(JSON.parse(output), await sampledRows(false, 'fp32', true, draws))
})

it('draws each token as often as its probability says', async () => {
  const count = 20_000
  const ids = await manyDraws([1, -2, 0.5, 0, 2, -1, 1.5, -3, 0.2, -0.4], count)
  // softmax of the six likeliest, 4 6 0 2 8 3, at temperature 0.8
  const powers = new Map([4, 6, 0, 2, 8, 3].map((id, i) => [id, Math.exp(([2, 1.5, 1, 0.5, 0.2, 0][i] ?? 0) / 0.8)]))
  const total = [...powers.values()].reduce((sum, power) => sum + power, 0)
  let chiSquare = 0
  for (const [id, power] of powers) {
    const expected = (count * power) / total
    chiSquare += (ids.filter((other) => other === id).length - expected) ** 2 / expected
  }
  expect(ids.every((id) => powers.has(id))).toBe(true)
  // the 99.9th percentile at five degrees of freedom
  expect(chiSquare).toBeLessThan(20.52)
})
