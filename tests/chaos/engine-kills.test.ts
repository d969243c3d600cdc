import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KillGround, openKillGround } from './engine/kill-ground.ts'
import { type KilledRun, killMethod } from './engine/kill-method.ts'
import { methods } from './engine/methods.ts'
import { summarize } from './engine/summary.ts'

let ground: KillGround
beforeAll(async () => {
  ground = await openKillGround()
})
afterAll(() => ground.close())

describe('a stage whose engine is killed three times at random moments', () => {
  it.each(methods)('ends with the very metrics, samples and weights of an undisturbed one: %s', async (method) => {
    const runs: KilledRun[] = []
    for await (const run of killMethod(ground, method, { kills: 3, seed: 7 })) runs.push(run)
    expect(summarize(runs)).toMatchObject({ kills: 3, equal: runs.length, differences: [] })
  })
})
