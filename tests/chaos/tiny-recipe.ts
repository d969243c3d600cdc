import { tinyModel } from '../fixtures/tiny-model.ts'

/** Every stage type at the smallest size at which it still has steps to be killed between. */
export const tinyRecipe = `name: tiny
${tinyModel}  held-out: { generator: stories, kind: prompts, count: 12, seed: 4, split: held-out }
stages:
  pretrain: { type: pretrain, data: stories, steps: 30, batchSize: 4, rowLength: 64, learningRate: 0.005, checkpointEverySteps: 10 }
  sft: { type: sft, from: pretrain, data: conversations, epochs: 10, batchSize: 8, maxLength: 96, learningRate: 0.002, checkpointEverySteps: 20 }
  preferences:
    type: preferences
    from: sft
    prompts: requests
    pairs: 40
    sampling: { temperature: 1, maxTokens: 16 }
    heldOut: 0.2
  reward: { type: reward, from: sft, preferences: preferences, batchSize: 8, maxLength: 96, checkpointEverySteps: 2 }
  dpo:
    type: dpo
    from: sft
    preferences: preferences
    epochs: 20
    ties: half
    batchSize: 8
    maxLength: 96
    learningRate: 0.0001
    checkpointEverySteps: 5
  ppo:
    type: ppo
    from: sft
    reward: reward
    prompts: requests
    iterations: 30
    episodesPerIteration: 8
    ppoEpochs: 2
    miniBatches: 1
    learningRate: 0.0001
    taste: stories
    sampling: { temperature: 1, maxTokens: 16 }
    checkpointEverySteps: 2
  grpo:
    type: grpo
    from: sft
    rewards:
      - { reward: reward }
      - function: brief
        weight: 0.1
        code: |
          export default function (samples: { completion: string }[]): number[] {
            return samples.map(({ completion }) => -completion.length / 100)
          }
    prompts: requests
    iterations: 4
    promptsPerIteration: 2
    groupSize: 4
    learningRate: 0.0001
    sampling: { temperature: 1, maxTokens: 16 }
  rloo:
    type: rloo
    from: sft
    reward: reward
    prompts: requests
    iterations: 4
    promptsPerIteration: 4
    learningRate: 0.0001
    sampling: { temperature: 1, maxTokens: 16 }
  evaluate:
    type: evaluate
    candidates: [ppo, grpo, rloo, dpo]
    baseline: sft
    prompts: held-out
    judge: { taste: stories }
    reward: reward
    sampling: { temperature: 1, maxTokens: 16 }
  release: { type: release, from: ppo, after: [evaluate], name: tiny-ppo }
`
