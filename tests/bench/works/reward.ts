import { addRole, scoreHeadTensors, withScoreHead } from '@temper/engine/models'
import { RewardTrainer } from '@temper/engine/trainers'
import { modelOf } from './model.ts'
import { randomPairs } from './random-tokens.ts'
import { noCheckpoint, optimizationOf, totalSteps } from './settings.ts'
import { type OpenWork, timed } from './work.ts'

/** Forward, backward, clipping and AdamW on B chosen and B rejected rows, a score at each row's last token. */
export const openReward: OpenWork = async (size, precision, { program }) => {
  const { batchSize, length } = size.train
  const policy = modelOf(size)
  const model = withScoreHead(policy)
  await addRole(program, 'reward', model, scoreHeadTensors(policy, policy.initialize(0), { seed: 0 }))
  const trainer = new RewardTrainer({
    program,
    model,
    role: 'reward',
    settings: {
      ...optimizationOf(precision),
      batchSize,
      epochs: 1,
      maxLength: length,
      margin: 'none',
      ties: 'half',
      centerRewardsCoefficient: 0,
    },
    pairs: randomPairs(batchSize, length, size.vocabSize),
    heldOut: [],
    seed: 'sequential',
    totalSteps,
    checkpoint: noCheckpoint,
  })
  await trainer.prepare()
  return { perStep: batchSize, step: () => timed(() => trainer.advance()), close: () => trainer.close() }
}
