import { describe, expect, it } from 'vitest'
import { type RewardFunction, runRewardFunction, runSandbox } from './reward-function.ts'

const samples = ['ha', 'ha ha', ''].map((completion) => ({ prompt: 'say ha', completion, endedProperly: true }))

const given = (body: string, limits: Partial<RewardFunction> = {}): RewardFunction => {
  const code = `var rewardModule = { default: (samples) => { ${body} } }`
  return { name: 'length', code, timeoutSeconds: 5, memoryMb: 64, ...limits }
}
const run = (body: string, limits?: Partial<RewardFunction>) => runRewardFunction(given(body, limits), samples)
const perSample = (expression: string) => run(`return samples.map((sample) => ${expression})`)

describe('a reward function', () => {
  it('scores every sample', async () => {
    expect(await perSample('sample.completion.length + (sample.endedProperly ? 0.5 : 0)')).toEqual([2.5, 5.5, 0.5])
    expect(await perSample('-1e-7')).toEqual([-1e-7, -1e-7, -1e-7])
  })

  it('keeps nothing between batches', async () => {
    const counting = { ...given(''), code: 'let n = 0; var rewardModule = { default: (s) => s.map(() => n++) }' }
    expect(await runRewardFunction(counting, samples)).toEqual([0, 1, 2])
    expect(await runRewardFunction(counting, samples)).toEqual([0, 1, 2])
  })

  it.each([
    ['runs without end', 'for (;;);', 'took longer than 0.3 s for 3 samples'],
    ['never lets its promises end', 'const again = () => { Promise.resolve().then(again) }; again(); return [1, 1, 1]', 'took longer than 0.3 s'], // biome-ignore format: rows
  ])('is stopped where it %s', async (_, body, message) => {
    await expect(run(body, { timeoutSeconds: 0.3 })).rejects.toThrow(message)
  })

  it('is stopped where it takes more memory than it may', async () => {
    const body = 'const held = []; for (;;) held.push(new Array(1e5).fill(0))'
    await expect(run(body, { memoryMb: 32, timeoutSeconds: 60 })).rejects.toThrow('needed more than 32 MB of memory')
  })

  it.each([
    ['throws at a sample', 'if (s.completion === "ha ha") throw new Error("no"); return 1', "'length' failed with “Error: no” for sample 2 of 3"], // biome-ignore format: rows
    ['gives no number', 'return s.completion === "" ? undefined : 1', 'gave undefined; expected a finite number for sample 3'], // biome-ignore format: rows
    ['divides by zero', 'return 1 / s.completion.length', 'gave Infinity; expected a finite number for sample 3 of 3 ("say ha" answered by "")'], // biome-ignore format: rows
    ['gives NaN', 'return NaN', 'gave NaN; expected a finite number for sample 1 of 3'],
  ])('is named with the sample where it %s', async (_, body, message) => {
    await expect(run(`return samples.map((s) => { ${body} })`)).rejects.toMatchObject({
      code: 'invalid_recipe',
      message: expect.stringContaining(message),
      details: { function: 'length' },
    })
  })

  it.each([
    ['a score too few', 'return [1, 2]', 'gave 2 scores for 3 samples'],
    ['no list', 'return 1', 'gave a value of type number'],
    ['a promise', 'return Promise.resolve([1, 1, 1])', 'gave a value of type object'],
    ['words of its own', 'Object.prototype.toJSON = () => 1; return [1, 1, 1]', 'answered with something else: 1'],
  ])('is refused where it gives %s', async (_, body, message) => {
    await expect(run(body)).rejects.toThrow(message)
  })

  it.each([
    'process.env',
    'require("node:fs")',
    'fetch("http://127.0.0.1")',
    'eval("1")',
    'samples.constructor.constructor("return process")()',
    'globalThis.constructor.constructor("return process")()',
    'Math.random()',
    'new Date()',
    'new Uint8Array(8)',
  ])('finds nothing of the machine by %s', async (expression) => {
    await expect(run(`${expression}; return [1, 1, 1]`)).rejects.toThrow(/is not defined|is not a function|disallowed/)
  })

  it('imports nothing', async () => {
    const failure = run('import("node:fs"); return [1, 1, 1]')
    await expect(failure).rejects.toThrow('ended its process (exit code 1): TypeError [ERR_VM_DYNAMIC_IMPORT')
  })
})

describe('the process it runs in', () => {
  const sandboxed = (script: string) => runSandbox(script, '', { memoryMb: 64, timeoutMs: 10_000 })

  it('has no environment variables', async () => {
    process.env.TEMPER_SECRET = 'secret'
    const { stdout } = await sandboxed('console.log(JSON.stringify(process.env))')
    delete process.env.TEMPER_SECRET
    expect(JSON.parse(stdout)).toEqual({})
  })

  it.each([
    ['reads no file', 'const { readFileSync } = await import("node:fs"); readFileSync("/etc/hostname")'],
    ['writes no file', 'const { writeFileSync } = await import("node:fs"); writeFileSync("/tmp/written", "x")'],
    ['starts no process', 'const { execSync } = await import("node:child_process"); execSync("true")'],
    ['starts no worker', 'const { Worker } = await import("node:worker_threads"); new Worker("1", { eval: true })'],
  ])('%s', async (_, script) => {
    const { error, stderr } = await sandboxed(script)
    expect(error).toMatchObject({ code: 1 })
    expect(stderr).toContain('ERR_ACCESS_DENIED')
  })
})
