import { describe, expect, it } from 'vitest'
import { stageInputs } from '../contracts/index.ts'
import { checkRecipe, parseRecipe } from './index.ts'

/** A recipe whose last stage, from line 13 on, has these lines. */
const recipe = (...stage: string[]) => `name: tiny
model: { checkpoint: ckpt_aaaaaaaaaaaaaaaaaaaa }
data:
  asks: { generator: stories, kind: prompts, count: 10 }
  pairs: { dataset: pairs }
stages:
  votes: { type: preferences, data: pairs }
  judge: { type: reward, preferences: votes }
  stern: { type: reward, preferences: votes }
  learn:
    prompts: asks
${stage.map((line) => `    ${line}\n`).join('')}`

const problemsOf = (...stage: string[]) => checkRecipe(recipe(...stage)).problems
const length = '{ function: length, code: "export default (s) => s.map(() => 1)" }'

describe('lora', () => {
  it.each([
    ['ppo', 3e-5],
    ['grpo', 1e-5],
    ['rloo', 1e-5],
  ])('gives %s ten times its learning rate, with a reward told shortly too', (type, learningRate) => {
    const { learn } = parseRecipe(recipe(`type: ${type}`, 'reward: judge', 'lora: { rank: 4 }')).stages
    expect(learn).toMatchObject({ rewards: [{ reward: 'judge' }], lora: { rank: 4 }, learningRate })
  })

  it.each(['ppo', 'grpo', 'rloo'])('drops nothing in %s, whose ratios begin at 1', (type) => {
    const message = `${type} compares the policy with itself as it sampled, without dropout`
    const problems = problemsOf(`type: ${type}`, 'reward: judge', 'lora: { dropout: 0.1 }')
    expect(problems).toMatchObject([{ line: 14, key: 'dropout', message: expect.stringContaining(message) }])
  })
})

describe('the rewards of a stage', () => {
  it.each(['ppo', 'grpo', 'rloo'])('may be one reward model, told shortly, in %s', (type) => {
    const { learn } = parseRecipe(recipe(`type: ${type}`, 'reward: judge')).stages
    expect(learn).toMatchObject({ rewards: [{ reward: 'judge', weight: 1 }] })
    expect(learn).not.toHaveProperty('reward')
    expect(learn && stageInputs(learn)).toEqual(['judge'])
  })

  it('may be several, with weights, models and functions', () => {
    const text = recipe(
      'type: grpo',
      'rewards:',
      '  - { reward: judge }',
      '  - { reward: stern, weight: 0.5 }',
      '  - function: length',
      '    weight: -0.1',
      '    code: |',
      '      export default (samples: { completion: string }[]) =>',
      '        samples.map(({ completion }) => completion.length)',
    )
    const { learn } = parseRecipe(text).stages
    expect(learn).toMatchObject({
      rewards: [
        { reward: 'judge', weight: 1 },
        { reward: 'stern', weight: 0.5 },
        { function: 'length', weight: -0.1, timeoutSeconds: 10, memoryMb: 128 },
      ],
    })
    expect(learn && stageInputs(learn)).toEqual(['judge', 'stern'])
  })

  it.each([
    ['a stage that there is not', ['type: ppo', 'reward: judg'], { line: 13, column: 13, key: 'reward', nearest: 'judge' }], // biome-ignore format: rows
    ['a stage that trains no reward model', ['type: ppo', 'rewards: [{ reward: votes }]'], { line: 13, column: 25 }],
    ['nothing', ['type: ppo'], { line: 10, key: 'rewards' }],
    ['an empty list', ['type: ppo', 'rewards: []'], { line: 13, key: 'rewards' }],
    ['both forms', ['type: ppo', 'reward: judge', 'rewards: [{ reward: judge }]'], { line: 13, key: 'reward', nearest: 'rewards' }], // biome-ignore format: rows
    ['one twice', ['type: ppo', 'rewards: [{ reward: judge }, { reward: judge }]'], { line: 13, column: 34 }],
    [
      'a function that does not parse',
      ['type: grpo', 'rewards:', '  - { function: f, code: "(" }'],
      { line: 14, key: 'code' },
    ],
    ['an unknown key', ['type: rloo', 'rewards: [{ function: f, cod: x }]'], { line: 13, nearest: 'code' }],
  ])('are refused where they name %s', (_, stage, problem) => {
    expect(problemsOf(...stage)[0]).toMatchObject(problem)
  })
})

describe('the settings of a stage that learns from rewards', () => {
  it.each([
    ['values on the policy from a reward model', ['type: ppo', 'reward: judge', 'valueBody: shared'], 'valueBody'],
    ['values from a reward model where there is none', ['type: ppo', `rewards: [${length}]`], 'rewards'],
    ['a KL coefficient that cannot move', ['type: ppo', 'reward: judge', 'klCoef: 0', 'adaptiveKl: {}'], 'adaptiveKl'],
    [
      'completions that are all the likeliest',
      ['type: ppo', 'reward: judge', 'sampling: { temperature: 0 }'],
      'sampling',
    ],
    ['a group of equal completions', ['type: grpo', 'reward: judge', 'sampling: { temperature: 0 }'], 'sampling'],
    ['samples of prompts that are trained on', ['type: rloo', 'reward: judge', 'heldOut: asks'], 'heldOut'],
    ['a group of one', ['type: rloo', 'reward: judge', 'groupSize: 1'], 'groupSize'],
  ])('are refused with %s', (_, stage, key) => {
    expect(problemsOf(...stage)).toMatchObject([{ key }])
  })

  it('bring a warning where completions are drawn otherwise than they are trained', () => {
    const stage = ['type: ppo', 'reward: judge', 'sampling: { topP: 0.9, topK: 0, repetitionPenalty: 1.1 }']
    const { problems, warnings } = checkRecipe(recipe(...stage))
    expect({ problems, keys: warnings.map(({ key }) => key) }).toEqual({
      problems: [],
      keys: ['topP', 'repetitionPenalty'],
    })
  })

  it.each([
    [['type: ppo', 'reward: judge', 'valueInit: zero', 'valueBody: shared', 'adaptiveKl: { target: 3 }']],
    [['type: ppo', `rewards: [${length}]`, 'valueInit: zero', 'klEstimator: k3', 'rewardClip: 5', 'batchSize: 4']],
    [['type: grpo', `rewards: [${length}]`, 'beta: 0.04', 'lossType: dapo', 'scaleRewards: false']],
    [['type: rloo', 'reward: judge', 'groupSize: 4']],
  ])('are taken as %j', (stage) => {
    expect(problemsOf(...stage)).toEqual([])
  })

  it('have the defaults of the field', () => {
    const stageOf = (type: string) => parseRecipe(recipe(`type: ${type}`, 'reward: judge')).stages.learn
    const shared = { learningRate: 1e-6, clipRange: 0.2, missingEosPenalty: 0, sampling: { temperature: 1 } }
    expect(stageOf('grpo')).toMatchObject({ ...shared, groupSize: 8, beta: 0 })
    expect(stageOf('rloo')).toMatchObject({ ...shared, groupSize: 2, beta: 0.05 })
    expect(stageOf('ppo')).toMatchObject({
      klCoef: 0.05,
      klEstimator: 'k1',
      valueBody: 'own',
      ppoEpochs: 4,
      missingEosPenalty: 1,
    })
    expect(stageOf('ppo')).not.toHaveProperty('adaptiveKl')
  })
})
