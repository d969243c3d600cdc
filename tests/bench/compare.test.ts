import { describe, expect, it } from 'vitest'
import { compare } from './compare.ts'
import { median } from './median.ts'
import { runPeer } from './peer.ts'

const task = { work: 'dpo', model: 'small', precision: 'fp32', figure: 'pairs_per_s' }

/** A program that prints `script`'s value, or does what it says; its arguments follow `--`. */
const program = (script: string) => `"${process.execPath}" -e '${script}' --`

/** A peer that answers what it was asked for. */
const echo = program(
  `const [work, , model, , precision] = process.argv.slice(1); console.log("loading"); console.log(JSON.stringify({ peer: "echo", work, model, precision, step_ms: 100, pairs_per_s: 80 }))`,
)

describe('a peer', () => {
  it('is called with work, model and precision, and its last line is read', async () => {
    expect(await runPeer(echo, task)).toEqual({
      peer: 'echo',
      work: 'dpo',
      model: 'small',
      precision: 'fp32',
      step_ms: 100,
      pairs_per_s: 80,
    })
  })

  it('that fails is refused with its exit code', async () => {
    await expect(runPeer(program('process.exit(3)'), task)).rejects.toThrow('the peer ended with exit code 3')
  })

  it('that prints no figure is refused', async () => {
    await expect(runPeer(echo, { ...task, figure: 'tokens_per_s' })).rejects.toThrow('step_ms and tokens_per_s')
    await expect(runPeer(program('console.log("done")'), task)).rejects.toThrow('got "done"')
  })

  it('that did something else is refused', async () => {
    const other = program(
      'console.log(JSON.stringify({ work: "dpo", model: "gpt2", precision: "fp32", step_ms: 1, pairs_per_s: 1 }))',
    )
    await expect(runPeer(other, task)).rejects.toThrow('was asked for model small and answered gpt2')
  })
})

describe('a comparison', () => {
  const side = (name: string, log: string[], stepsMs: number[]) => async () => {
    log.push(name)
    const step_ms = stepsMs.shift() ?? Number.NaN
    return { step_ms, pairs_per_s: 8000 / step_ms }
  }

  it('takes turns and compares the median rounds', async () => {
    const turns: string[] = []
    const sides = { ours: side('ours', turns, [100, 90, 400]), peer: side('peer', turns, [200, 900, 250]) }
    expect(await compare(sides, { rounds: 3, figure: 'pairs_per_s' })).toEqual({
      ours: { step_ms: 100, pairs_per_s: 80 },
      peer: { step_ms: 250, pairs_per_s: 32 },
      ratio: 2.5,
    })
    expect(turns).toEqual(['ours', 'peer', 'ours', 'peer', 'ours', 'peer'])
  })

  it('takes the slower of two middle rounds', async () => {
    const sides = { ours: side('ours', [], [100, 200]), peer: side('peer', [], [400, 300]) }
    expect(await compare(sides, { rounds: 2, figure: 'pairs_per_s' })).toMatchObject({
      ours: { step_ms: 200 },
      peer: { step_ms: 400 },
    })
  })
})

describe('the median', () => {
  it('is the middle value, or the mean of two', () => {
    expect(median([5, 1, 3])).toBe(3)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(() => median([])).toThrow('no values')
  })
})
