import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, expectRise, stepMetrics } from './step-metrics.fixture.ts'
import { lengthReward, makeTrainedToy } from './toy.fixture.ts'

const { toy, policy, rewardModel } = await makeTrainedToy()
const { elsewhere } = toy
afterAll(() => toy.remove())

describe.each(['grpo', 'rloo'] as const)('%s', (type) => {
  // Few toy answers end by themselves; without the penalty the scores of a group are nearly the same.
  const group = (settings: object) => toy[type](policy, rewardModel, { missingEosPenalty: 1, ...settings })

  it('finds KL 0 before its first update, and samples with the log-probs that it trains on', async () => {
    const sampling = { temperature: 0.7, maxTokens: 12 }
    const values = await stepMetrics(elsewhere(group({ iterations: 2, beta: 0.1, sampling }), `${type}-first`))
    expect(Math.abs(values[0]?.kl ?? 1)).toBeLessThan(1e-5)
    expect(values[0]?.clip_ratio).toBe(0)
    for (const value of values) expect(value['sampling/logp_difference']).toBeLessThan(1e-4)
  })

  it('raises the reward', async () => {
    // grpo divides by the deviation of a group, so that its steps are longer.
    const learningRate = type === 'grpo' ? 0.003 : 0.005
    const settings = { iterations: 40, promptsPerIteration: 6, groupSize: 6, updateEpochs: 2, learningRate }
    expectRise(await stepMetrics(elsewhere(group(settings), `${type}-learns`)), 'reward', 0.3)
  })

  it('gives the numbers of a whole batch when it is several passes', async () => {
    const settings = { iterations: 2, beta: 0.1, updateEpochs: 2 }
    const whole = await stepMetrics(elsewhere(group(settings), `${type}-whole`))
    const passes = await stepMetrics(elsewhere(group({ ...settings, batchSize: 5 }), `${type}-passes`))
    expectClose(passes, whole, ['grad_norm', 'loss', 'entropy', 'clip_ratio', 'reward', 'kl', 'num_tokens'])
  })

  it('loads no reference where the KL does not count', async () => {
    const values = await stepMetrics(elsewhere(group({ iterations: 1, beta: 0 }), `${type}-free`))
    expect(values[0]).not.toHaveProperty('kl')
    expect(values[0]?.reward).toBeDefined()
  })

  it('learns nothing of a group whose completions are worth the same', async () => {
    const rewards = [{ ...lengthReward, code: constantReward(4) }]
    const settings = { iterations: 1, beta: 0, missingEosPenalty: 0 }
    const [value] = await stepMetrics(elsewhere(toy[type](policy, rewards, settings), `${type}-even`))
    expect(value).toMatchObject({ reward: 4, reward_std: 0, frac_reward_zero_std: 1, grad_norm: 0 })
  })
})

describe('grpo', () => {
  it.each(['dapo', 'dr_grpo'])('lowers the loss of type %s by its own weights of tokens', async (lossType) => {
    const grpo = (settings: object) => toy.grpo(policy, rewardModel, { iterations: 1, ...settings })
    const [first] = await stepMetrics(elsewhere(grpo({ lossType }), `grpo-${lossType}`))
    const [plain] = await stepMetrics(elsewhere(grpo({}), `grpo-beside-${lossType}`))
    expect(first?.reward).toBe(plain?.reward)
    expect(first?.entropy).toBeCloseTo(plain?.entropy ?? Number.NaN, 6)
    expect(first?.grad_norm).not.toBeCloseTo(plain?.grad_norm ?? Number.NaN, 3)
  })

  it('takes less from groups that differ little where rewards are not scaled', async () => {
    const grpo = (settings: object) => toy.grpo(policy, [lengthReward], { iterations: 1, ...settings })
    const [scaled] = await stepMetrics(elsewhere(grpo({}), 'grpo-scaled'))
    const [plain] = await stepMetrics(elsewhere(grpo({ scaleRewards: false }), 'grpo-unscaled'))
    expect(scaled?.reward_std).toBeLessThan(1)
    expect(plain?.grad_norm).toBeLessThan(scaled?.grad_norm ?? 0)
  })
})

/** A function that gives every completion the same. */
function constantReward(value: number | string): string {
  return `var rewardModule = { default: (samples) => samples.map(() => ${value}) }`
}
