import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { compileRewardFunction } from './compile-reward-function.ts'

const scores = (code: string, samples: unknown) =>
  JSON.parse(vm.runInNewContext(`${compileRewardFunction(code)}; JSON.stringify(rewardModule.default(samples))`, { samples })) // biome-ignore format: one call

describe('compileRewardFunction', () => {
  it('makes a script of a TypeScript module', () => {
    const code = `
      interface Sample { completion: string }
      const lengthOf = ({ completion }: Sample): number => completion.length
      export default function score(samples: Sample[]): number[] {
        return samples.map(lengthOf)
      }`
    expect(scores(code, [{ completion: 'ha' }, { completion: '' }])).toEqual([2, 0])
    expect(scores('export default (s: unknown[]) => s.map(() => 1)', [{}])).toEqual([1])
  })

  it.each([
    ['does not parse', 'export default (s) => {\n  return s.map(\n}', 'line 3 of the function: Unexpected "}"'],
    ['imports', 'import { readFileSync } from "node:fs"\nexport default (s) => readFileSync(s)', 'line 1 of the function: Could not resolve "node:fs"'], // biome-ignore format: rows
    ['requires', 'export default (s) => require("fs")', 'Could not resolve "fs"'],
    ['imports later', 'export default (s) =>\n  import("node:net")', 'line 2 of the function: Could not resolve'],
    ['exports no default', 'export const score = (s) => s', "is the module's `export default`, and there is none"],
  ])('refuses a module that %s', (_, code, message) => {
    expect(() => compileRewardFunction(code)).toThrow(
      expect.objectContaining({ code: 'invalid_recipe', message: expect.stringContaining(message) }),
    )
  })
})
