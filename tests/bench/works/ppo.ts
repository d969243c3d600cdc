import { samplingSchema } from '@temper/db/contracts'
import { addRole, scoreHeadTensors, withScoreHead } from '@temper/engine/models'
import { rewardRole } from '@temper/engine/rollout'
import { PpoTrainer } from '@temper/engine/trainers'
import { modelOf } from './model.ts'
import { randomRows } from './random-tokens.ts'
import { noCheckpoint, optimizationOf, totalSteps } from './settings.ts'
import { type OpenWork, type Precision, timed } from './work.ts'

/**
 * One iteration: B sampled completions, a reward, log-probs of policy and reference, values, then 4 epochs of clipped
 * updates of policy and value model. No token ends a completion, so that all have the same length.
 */
export const openPpo: OpenWork = async (size, precision, { program }) => {
  const { prompts: count, promptLength, newTokens } = size.ppo
  const policy = modelOf(size)
  const scorer = { model: withScoreHead(policy), normalization: { mean: 0, std: 1 } }
  const tensors = policy.initialize(0)
  for (const role of ['policy', 'ref']) await addRole(program, role, policy, tensors)
  for (const [seed, role] of [rewardRole('reward'), 'value'].entries()) {
    await addRole(program, role, scorer.model, scoreHeadTensors(policy, tensors, { seed }))
  }
  const trainer = new PpoTrainer(
    {
      program,
      policy,
      policyRole: 'policy',
      rewards: [{ name: 'reward', weight: 1, scorer: { ...scorer, role: rewardRole('reward') } }],
      value: { ...scorer, role: 'value' },
      tokenizer: { stopIds: [], decode: (ids) => ids.join(' ') },
      prompts: randomRows(count, promptLength, size.vocabSize).map((ids) => ({ ids, text: '' })),
      settings: settingsOf(count, newTokens, precision),
      seed: 0,
      checkpoint: noCheckpoint,
    },
    { emit: () => undefined, stopRequested: () => false, nowMs: () => performance.now() },
  )
  await trainer.prepare()
  return { perStep: count, step: () => timed(() => trainer.advance()), close: () => trainer.close() }
}

function settingsOf(episodesPerIteration: number, maxTokens: number, precision: Precision) {
  return {
    ...optimizationOf(precision),
    iterations: totalSteps,
    episodesPerIteration,
    ppoEpochs: 4,
    miniBatches: 1,
    klCoef: 0.05,
    klEstimator: 'k1' as const,
    clipRange: 0.2,
    valueClipRange: 0.2,
    vfCoef: 0.1,
    gamma: 1,
    gaeLambda: 0.95,
    missingEosPenalty: 0,
    whitenRewards: false,
    valueInit: 'reward' as const,
    valueBody: 'own' as const,
    sampling: samplingSchema.parse({ temperature: 1, maxTokens }),
  }
}
