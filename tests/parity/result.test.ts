import { describe, expect, it } from 'vitest'
import { Checks, section } from './result.ts'

function resultOf(compare: (checks: Checks) => void) {
  const checks = new Checks()
  compare(checks)
  return checks.result('models/x', 'forward')
}

describe('Checks', () => {
  it('passes within the tolerance and reports the worst check', () => {
    const result = resultOf((checks) => {
      checks.absolute('near', [1], [1.001], 0.1)
      checks.absolute('far', [1, 2], [1, 2.05], 0.1)
    })
    expect(result).toMatchObject({ status: 'passed', detail: 'far', tolerance: 0.1 })
    expect(result.deviation).toBeCloseTo(0.05, 10)
  })

  it.each([
    ['a value beyond the tolerance', (checks: Checks) => checks.absolute('a', [1.2], [1], 0.1)],
    ['a value beyond its share', (checks: Checks) => checks.relative('a', [102], [100], 0.01)],
    ['NaN', (checks: Checks) => checks.absolute('a', [Number.NaN, 1], [1, 1], 0.1)],
    ['a missing value', (checks: Checks) => checks.absolute('a', [1], [1, 1], 0.1)],
    ['a token that differs', (checks: Checks) => checks.tokens('a', [1, 2], [1, 3])],
    ['a token too many', (checks: Checks) => checks.tokens('a', [1, 2], [1])],
    ['a name that is not expected', (checks: Checks) => checks.names('a', ['w', 'x'], ['w'])],
    ['nothing compared', () => undefined],
  ])('fails for %s', (_, compare) => {
    expect(resultOf(compare).status).toBe('failed')
  })

  it('fails when one of many checks fails', () => {
    const result = resultOf((checks) => {
      checks.absolute('bad', [2], [1], 0.1)
      checks.absolute('good', [1], [1], 0.1)
    })
    expect(result).toMatchObject({ status: 'failed', detail: 'bad' })
  })
})

describe('section', () => {
  it('fails with the message of what it throws', async () => {
    const thrown = await section('trl', 'sft', () => Promise.reject(new Error('no such file')))
    expect(thrown).toMatchObject({ status: 'failed', detail: 'no such file', deviation: null })
  })
})
