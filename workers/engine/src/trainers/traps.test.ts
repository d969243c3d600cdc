import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobOf } from '@temper/db/contracts'
import { afterAll, describe, expect, it } from 'vitest'
import { readCheckpoint, readResumeState } from '../checkpoint/index.ts'
import { type Sequence, toBatch } from '../data/index.ts'
import { batchFeeds, ForwardFunction, scoresAt } from '../forward/index.ts'
import { addRole, paramsOf } from '../models/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { expectClose, expectRise, stepMetrics } from './step-metrics.fixture.ts'
import { lastCheckpoint, makeTrainedToy, metricsOf, runToyJob } from './toy.fixture.ts'

const { toy, policy, rewardModel } = await makeTrainedToy()
const { elsewhere } = toy
afterAll(() => toy.remove())

describe('sft', () => {
  it('gives the numbers of one batch of four when two batches of two are accumulated', async () => {
    const whole = await stepMetrics(elsewhere(toy.sft(policy, { batchSize: 4, packing: false }), 'whole'))
    const halves = { batchSize: 2, gradientAccumulation: 2, packing: false }
    const accumulated = await stepMetrics(elsewhere(toy.sft(policy, halves), 'halves'))
    expectClose(accumulated, whole, ['loss', 'grad_norm', 'mean_token_accuracy', 'num_tokens', 'learning_rate'])
  })

  it('gives the same loss for conversations packed into rows as for a row each', async () => {
    const apart = await stepMetrics(elsewhere(toy.sft(policy, { batchSize: 6, packing: false, epochs: 1 }), 'apart'))
    // Six conversations of 15 tokens fill two rows of 48.
    const packed = await stepMetrics(elsewhere(toy.sft(policy, { batchSize: 2, packing: true, epochs: 1 }), 'packed'))
    expectClose(packed.slice(0, 1), apart.slice(0, 1), ['num_tokens', 'loss', 'grad_norm'])
  })

  it('learns its conversations', async () => {
    const values = await stepMetrics(elsewhere(toy.sft(policy, { epochs: 40, packing: false }), 'learns'))
    expect(values.at(-1)?.loss).toBeLessThan(0.2)
    expect(values.at(-1)?.mean_token_accuracy).toBeGreaterThan(0.9)
  })

  it('stops once val_loss has not fallen for as long as its patience, and leaves the best weights', async () => {
    const early = { validateEverySteps: 1, patience: 3, keep: 'best', checkpointEverySteps: 1 }
    const settings = { epochs: 20, packing: false, learningRate: 0.003, ...early }
    const events = await runToyJob(elsewhere(toy.sft(policy, settings, { validation: toy.otherTalks }), 'early'))
    const losses = metricsOf(events).map(({ values }) => values.val_loss ?? Number.NaN)
    const best = losses.indexOf(Math.min(...losses)) + 1
    expect(losses).toHaveLength(best + 3)
    expect(best).toBeGreaterThan(1)
    expect(losses.length).toBeLessThan(60)
    const result = { best_step: best, best_val_loss: losses[best - 1], val_loss: losses[best - 1], steps: best + 3 }
    expect(events.at(-1)).toMatchObject({ type: 'done', outcome: 'finished', result })
    const weightsOf = (dir: string) => readFile(path.join(dir, 'model.safetensors'))
    const [left, then] = [
      await weightsOf(lastCheckpoint(events)),
      await weightsOf(path.join(toy.dir, 'early', `step-${best}`)),
    ]
    expect(left.equals(then)).toBe(true)
  })

  it('trains on the tokens that are asked for', async () => {
    const tokens = async (lossOn: string) => {
      const [first] = await stepMetrics(
        elsewhere(toy.sft(policy, { lossOn, epochs: 1, batchSize: 6, packing: false }), lossOn),
      )
      return first?.loss
    }
    const [assistant, completion, all] = [await tokens('assistant'), await tokens('completion'), await tokens('all')]
    // One answer each: the last is the only one.
    expect(completion).toBe(assistant)
    expect(all).not.toBeCloseTo(assistant ?? Number.NaN, 2)
  })

  it('counts optimizer steps, not passes, in a schedule that ends at 0', async () => {
    const job = toy.sft(policy, { batchSize: 1, gradientAccumulation: 3, packing: false, epochs: 2 })
    const rates = (await stepMetrics(elsewhere(job, 'schedule'))).map(({ learning_rate }) => learning_rate)
    expect(rates).toEqual([0.01, 0.0075, 0.005, 0.0025])
  })
})

describe('reward', () => {
  it('learns to prefer the chosen answers and keeps mean and deviation of its scores', async () => {
    const { lineage } = await readCheckpoint(rewardModel)
    expect(lineage?.metrics.eval_accuracy).toBe(1)
    expect(lineage?.rewardNormalization?.std).toBeGreaterThan(0)
  })

  it('scores a completion alike in any batch, order and amount of padding', async () => {
    const { model, tensors } = await readCheckpoint(rewardModel)
    const program = new TracedProgram()
    await addRole(program, 'reward', model, tensors)
    const scorer = new ForwardFunction(program, 'score', 'fp32', (variables, x) => {
      const { ids, positions, segments, lastPositions } = x as typeof x &
        Record<'ids' | 'positions' | 'segments' | 'lastPositions', never>
      return { scores: scoresAt(model, paramsOf(variables, 'reward'), { ids, positions, segments }, lastPositions) }
    })
    const score = async (batch: ReturnType<typeof toBatch>) =>
      Array.from((await scorer.run(batchFeeds(batch, { lastPositions: batch.lastPositions }))).scores.data)
    const [a, b, c] = [
      [5, 9, 12, 7],
      [6, 11],
      [8, 5, 10, 13, 9, 6, 7],
    ].map(sequence) as [Sequence, Sequence, Sequence]

    const [alone] = await score(toBatch([[a]], { rowLength: 4 }))
    const [, padded] = await score(toBatch([[b], [a]], { rowLength: 24 }))
    const [, , packed] = await score(toBatch([[c, b, a]], { rowLength: 16 }))
    expect(padded).toBeCloseTo(alone ?? Number.NaN, 5)
    expect(packed).toBeCloseTo(alone ?? Number.NaN, 5)
    program.close()
  })
})

describe('dpo', () => {
  it('starts at ln 2 with margin 0 and ends preferring the chosen answers', async () => {
    const values = await stepMetrics(elsewhere(toy.dpo(policy, { epochs: 10 }), 'dpo-learns'))
    expect(values[0]?.loss).toBeCloseTo(Math.LN2, 5)
    expect(values[0]?.['rewards/margins']).toBeCloseTo(0, 5)
    expect(values.at(-1)?.['rewards/margins']).toBeGreaterThan(0.3)
    expect(values.at(-1)?.['rewards/accuracies']).toBe(1)
  })

  it.each([
    ['hinge', { loss: 'hinge' }],
    ['ipo', { loss: 'ipo' }],
    ['robust', { loss: 'robust', labelSmoothing: 0.1 }],
    ['apo_zero', { loss: 'apo_zero' }],
    ['simpo', { loss: 'simpo', beta: 2, simpoGamma: 1 }],
    ['orpo', { loss: 'orpo', beta: 0.1 }],
    ['sigmoid with fine-tuning, a token', { loss: 'sigmoid', sftWeight: 0.5, lengthNormalize: true, beta: 2 }],
  ])('lowers the loss %s', async (name, settings) => {
    // Every decided pair in each step: losses of different pairs do not compare.
    const values = await stepMetrics(
      elsewhere(toy.dpo(policy, { epochs: 12, batchSize: 5, ...settings }), `dpo-${name}`),
    )
    expect(values).toHaveLength(12)
    expect(values.at(-1)?.loss).toBeLessThan(0.9 * (values[0]?.loss ?? Number.NaN))
  })

  it('learns from single answers by kto, and says what became of every pair', async () => {
    const job = elsewhere(toy.dpo(policy, { epochs: 16, batchSize: 10, loss: 'kto' }), 'dpo-kto')
    const events = await runToyJob(job)
    const values = metricsOf(events).map((metric) => metric.values)
    for (const name of ['kl', 'rewards/margins']) expect(values[0]?.[name]).toBeCloseTo(0, 5)
    expect(values[0]?.loss).toBeCloseTo(0.5, 5)
    expect(values.at(-1)?.loss).toBeLessThan(0.45)
    expect(values.at(-1)?.eval_margin).toBeGreaterThan(0.3)
    const counts = { pairs_decided: 5, pairs_tied: 1, pairs_both_bad: 0 }
    const result = { ...counts, answers_desirable: 5, answers_undesirable: 5, accuracy: 1, judged: 5 }
    expect(events.at(-1)).toMatchObject({ type: 'done', result })
  })

  it.each([
    ['drop', 5],
    ['half', 6],
  ])('says how many pairs it trained on with ties: %s', async (ties, trained) => {
    const events = await runToyJob(elsewhere(toy.dpo(policy, { epochs: 1, ties }), `dpo-ties-${ties}`))
    expect(events.at(-1)).toMatchObject({ result: { pairs_decided: 5, pairs_tied: 1, pairs_trained: trained } })
  })

  it.each(['simpo', 'orpo'])('computes no log-prob of a reference by %s', async (loss) => {
    const settings = { epochs: 1, loss, ...(loss === 'simpo' && { simpoGamma: 1 }) }
    const dir = lastCheckpoint(await runToyJob(elsewhere(toy.dpo(policy, settings), `dpo-free-${loss}`)))
    expect(Object.keys((await readResumeState(dir)).tensors)).not.toContain('reference')
  })

  it('stops once the held-out margin is reached', async () => {
    const job = elsewhere(toy.dpo(policy, { epochs: 100, targetMargin: 0.3, evaluateEverySteps: 2 }), 'dpo-stops')
    const events = await runToyJob(job)
    const done = events.at(-1)
    expect(done).toMatchObject({ type: 'done', outcome: 'finished' })
    expect(done?.type === 'done' && done.step).toBeLessThan(50)
    expect(done?.type === 'done' && done.result.margin).toBeGreaterThanOrEqual(0.3)
  })
})

describe('ppo', () => {
  it('finds ratio 1 and KL 0 before its first update', async () => {
    const [first] = await stepMetrics(elsewhere(ppo({ iterations: 1, ppoEpochs: 1, miniBatches: 1 }), 'ppo-first'))
    expect(Math.abs(first?.['objective/kl'] ?? 1)).toBeLessThan(1e-4)
    expect(first?.['val/ratio']).toBeCloseTo(1, 6)
    expect(first?.['policy/approxkl_avg']).toBeLessThan(1e-10)
    expect(first?.['policy/clipfrac_avg']).toBe(0)
  })

  it('raises the score', async () => {
    const settings = { iterations: 40, episodesPerIteration: 36, learningRate: 0.003 }
    expectRise(await stepMetrics(elsewhere(ppo(settings), 'ppo-learns')), 'objective/scores', 0.3)
  })

  it('takes the penalty off completions that the length limit cut', async () => {
    const settings = { iterations: 1, sampling: { temperature: 1, maxTokens: 1 } }
    const [free] = await stepMetrics(elsewhere(ppo({ ...settings, missingEosPenalty: 0 }), 'ppo-free'))
    const [penalised] = await stepMetrics(elsewhere(ppo({ ...settings, missingEosPenalty: 2 }), 'ppo-penalised'))
    const cut = 1 - (free?.['val/num_eos_tokens'] ?? 0) / 6
    expect(cut).toBeGreaterThan(0)
    expect((free?.['objective/scores'] ?? 0) - (penalised?.['objective/scores'] ?? 0)).toBeCloseTo(2 * cut, 4)
  })

  it('gives the numbers of whole mini-batches when each is several passes', async () => {
    const settings = { iterations: 2, miniBatches: 1, episodesPerIteration: 5 }
    const whole = await stepMetrics(elsewhere(ppo(settings), 'ppo-whole'))
    // Passes of 2, 2 and 1 episodes: their means differ from the mean over all tokens.
    const passes = await stepMetrics(elsewhere(ppo({ ...settings, batchSize: 2 }), 'ppo-passes'))
    const names = ['grad_norm', 'loss', 'loss/policy_avg', 'loss/value_avg', 'policy/clipfrac_avg', 'val/ratio']
    expectClose(passes, whole, names)
    expect(passes[0]?.['val/num_eos_tokens']).toBe(whole[0]?.['val/num_eos_tokens'])
  })

  it('scores with the log-probs that sampled, at a temperature too', async () => {
    const sampling = { temperature: 0.7, maxTokens: 12 }
    for (const value of await stepMetrics(elsewhere(ppo({ iterations: 3, sampling }), 'ppo-logps'))) {
      expect(value['sampling/logp_difference']).toBeLessThan(1e-4)
    }
  })

  it('reports a reward that is the score plus a penalty', async () => {
    for (const value of await stepMetrics(elsewhere(ppo({ iterations: 2 }), 'ppo-reward'))) {
      const sum = (value['objective/scores'] ?? 0) + (value['objective/non_score_reward'] ?? 0)
      expect(value['objective/rlhf_reward']).toBeCloseTo(sum, 6)
    }
  })

  const ppo = (settings: object): JobOf<'ppo'> => toy.ppo(policy, rewardModel, settings)
})

function sequence(ids: number[]): Sequence {
  return { ids, lossMask: ids.map((_, i) => i > 0) }
}
