import type { EngineEvent, JobOf } from '@temper/db/contracts'
import { afterAll, describe, expect, it } from 'vitest'
import { readCheckpoint, readResumeState } from '../checkpoint/index.ts'
import { expectRise, stepMetrics } from './step-metrics.fixture.ts'
import { lastCheckpoint, lengthReward, makeTrainedToy, metricsOf, runToyJob } from './toy.fixture.ts'

const { toy, policy, rewardModel } = await makeTrainedToy()
const { elsewhere } = toy
afterAll(() => toy.remove())

describe('ppo', () => {
  it('learns values by a head on the policy, without a model more', async () => {
    const settings = { iterations: 40, episodesPerIteration: 36, learningRate: 0.003, valueInit: 'zero' }
    const own = await runToyJob(elsewhere(ppo({ ...settings, iterations: 1 }), 'ppo-own'))
    const shared = await runToyJob(elsewhere(ppo({ ...settings, valueBody: 'shared' }), 'ppo-shared'))
    const stateOf = async (events: EngineEvent[]) => (await readResumeState(lastCheckpoint(events))).tensors
    const weights = Object.keys((await readCheckpoint(policy)).tensors).length
    // Moments of policy and value, and the value itself: of a whole model, or of one head.
    expect(Object.keys(await stateOf(own))).toHaveLength(2 * weights + 3 * (weights + 1))
    expect(Object.keys(await stateOf(shared))).toHaveLength(2 * weights + 3)
    const head = Array.from((await stateOf(shared))['value/score.weight']?.data ?? [])
    expect(head).toHaveLength(32)
    expect(head.some((weight) => Math.abs(weight) > 1e-2)).toBe(true)
    const values = metricsOf(shared).map((step) => step.values)
    // A head of zeros explains nothing at first.
    expect(values[0]?.['val/explained_variance']).toBeCloseTo(0, 5)
    expectRise(values, 'objective/scores', 0.3)
  })

  it('moves the KL coefficient from one iteration to the next by the KL it found', async () => {
    const adaptiveKl = { target: 0.01, horizon: 100 }
    const values = await stepMetrics(elsewhere(ppo({ iterations: 3, klCoef: 0.1, adaptiveKl }), 'ppo-adaptive'))
    const coefs = values.map((value) => value['objective/kl_coef'] ?? Number.NaN)
    expect(coefs[0]).toBe(0.1)
    // The first KL is 0, the smallest error: 6 episodes of 100, a fifth of each.
    expect(coefs[1]).toBeCloseTo(0.1 * (1 - 0.012), 12)
    const error = Math.min(0.2, Math.max(-0.2, (values[1]?.['objective/kl'] ?? Number.NaN) / 0.01 - 1))
    expect(coefs[2]).toBeCloseTo((coefs[1] ?? Number.NaN) * (1 + 0.06 * error), 12)
  })

  it.each(['k2', 'k3'])('never pays for KL by the estimator %s', async (klEstimator) => {
    const settings = { iterations: 3, klEstimator, learningRate: 0.02 }
    const values = await stepMetrics(elsewhere(ppo(settings), `ppo-${klEstimator}`))
    expect(Math.abs(values[0]?.['objective/non_score_reward'] ?? 1)).toBeLessThan(1e-6)
    for (const value of values) expect(value['objective/non_score_reward']).toBeLessThanOrEqual(0)
    expect(values.at(-1)?.['objective/non_score_reward']).toBeLessThan(-1e-4)
  })

  it('adds rewards up by their weights, and reports each', async () => {
    const rewards = [
      { ...lengthReward, weight: 2 },
      { ...lengthReward, name: 'half', weight: -0.5, code: constantReward(3) },
    ]
    const settings = { iterations: 1, valueInit: 'zero', missingEosPenalty: 0 }
    const [value] = await stepMetrics(elsewhere(toy.ppo(policy, rewards, settings), 'ppo-weights'))
    expect(value?.['rewards/half/mean']).toBe(3)
    expect(value?.['rewards/half/std']).toBe(0)
    expect(value?.['rewards/length/std']).toBeGreaterThan(0)
    expect(value?.['objective/scores']).toBeCloseTo(2 * (value?.['rewards/length/mean'] ?? Number.NaN) - 1.5, 10)
  })

  it('holds what rewards add up to between the limits of the clip, before the penalty', async () => {
    const rewards = [{ ...lengthReward, code: constantReward(-7) }]
    const settings = { iterations: 1, valueInit: 'zero', rewardClip: 2, sampling: { temperature: 1, maxTokens: 1 } }
    const [value] = await stepMetrics(elsewhere(toy.ppo(policy, rewards, settings), 'ppo-clip'))
    const cut = 1 - (value?.['val/num_eos_tokens'] ?? 0) / 6
    expect(cut).toBeGreaterThan(0)
    expect(value?.['objective/scores']).toBeCloseTo(-2 - cut, 10)
    expect(value?.['rewards/length/mean']).toBe(-7)
  })

  it('ends at a reward that is no number, and names whose it is', async () => {
    const rewards = [{ ...lengthReward, code: constantReward('Number.NaN') }]
    const job = elsewhere(toy.ppo(policy, rewards, { valueInit: 'zero' }), 'ppo-nan')
    await expect(runToyJob(job)).rejects.toThrow("the reward function 'length' gave NaN; expected a finite number for sample 1 of 6") // biome-ignore format: one line
  })

  const ppo = (settings: object): JobOf<'ppo'> => toy.ppo(policy, rewardModel, settings)
})

/** A function that gives every completion the same. */
function constantReward(value: number | string): string {
  return `var rewardModule = { default: (samples) => samples.map(() => ${value}) }`
}
