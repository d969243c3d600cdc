import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkRecipe, dataUses, parseRecipe, planRecipe } from './index.ts'

const valid = `name: tiny
model:
  architecture: llama
  tokenizer: { type: bpe, data: text }
data:
  text: { dataset: my-text }
  talks: { generator: stories, kind: conversations, count: 10 }
  asks: { generator: stories, kind: prompts, count: 10 }
stages:
  pretrain:
    type: pretrain
    data: text
  sft:
    type: sft
    from: pretrain
    data: talks
  votes:
    type: preferences
    from: sft
    prompts: asks
  reward:
    type: reward
    from: sft
    preferences: votes
  ppo:
    type: ppo
    from: sft
    reward: reward
    prompts: asks
  compare:
    type: evaluate
    candidates: [ppo]
    baseline: sft
    prompts: asks
    judge: { reward: reward }
  publish:
    type: release
    from: ppo
    after: [compare]
    name: tiny-ppo
`

const shipped = ['quickstart', 'own-data', 'smollm2-hh']
const problemsOf = (text: string) => checkRecipe(text).problems
/** The valid recipe with one piece of text exchanged. */
const changed = (from: string, to: string) => {
  expect(valid).toContain(from)
  return valid.replace(from, to)
}

describe('parseRecipe', () => {
  it.each(shipped)('reads the shipped recipe %s without a warning', (name) => {
    const text = readFileSync(new URL(`../../recipes/${name}.yaml`, import.meta.url), 'utf8')
    const { recipe, problems, warnings } = checkRecipe(text)
    expect({ name: recipe?.name, problems, warnings }).toEqual({ name, problems: [], warnings: [] })
  })

  it('fills in documented defaults', () => {
    const { stages, seed } = parseRecipe(valid)
    expect(seed).toBe(42)
    expect(stages.sft).toMatchObject({ learningRate: 2e-5, maxLength: 1024, packing: true })
  })

  it('takes one data source, several, or several with weights', () => {
    const dataOf = (to: string) => parseRecipe(changed('data: talks', to)).stages.sft
    expect(dataOf('data: [talks]')).toMatchObject({ data: ['talks'] })
    expect(dataOf('data: { talks: 0.5 }\n    validation: 0.1\n    patience: 2\n    keep: best')).toMatchObject({
      data: { talks: 0.5 },
      validation: 0.1,
    })
  })

  it('throws with the place, the key and the nearest key', () => {
    const text = changed('    from: pretrain\n', '    from: pretrain\n    learningRte: 1\n')
    expect(() => parseRecipe(text)).toThrow(
      "line 16, column 5: unknown key 'learningRte' in stages.sft; the nearest key is 'learningRate'",
    )
    expect(problemsOf(text)).toMatchObject([{ line: 16, column: 5, key: 'learningRte', nearest: 'learningRate' }])
  })

  it('reports every problem at once, in the order of the text', () => {
    const text = changed('architecture: llama', 'architecture: lama').replace('type: reward', 'type: rewrd')
    expect(problemsOf(text).map(({ line, nearest }) => [line, nearest])).toEqual([
      [3, 'llama'],
      [22, 'reward'],
    ])
  })
})

describe.each([
  ['broken YAML', 'name: [', 'name: tiny', { line: 2 }],
  ['an unknown key at the top', 'nmae: x\nname: tiny', 'name: tiny', { line: 1, key: 'nmae', nearest: 'name' }],
  [
    'an unknown key of a model',
    'hiddenSiz: 3\n  architecture: llama',
    'architecture: llama',
    { line: 3, nearest: 'hiddenSize' },
  ],
  ['an unknown key in a union', 'judge: { tast: x }', 'judge: { reward: reward }', { line: 35, nearest: 'taste' }],
  [
    'a missing key',
    'type: sft\n    from: pretrain\n',
    'type: sft\n    from: pretrain\n    data: talks\n',
    { line: 13, key: 'data' },
  ],
  ['a value of the wrong type', 'from: 5', 'from: pretrain', { line: 15, column: 11, key: 'from' }],
  ['a number out of range', 'data: talks\n    epochs: -1', 'data: talks', { line: 17, key: 'epochs' }],
  ['a name with capitals', 'Text: { dataset: my-text }', 'text: { dataset: my-text }', { line: 6, key: 'Text' }],
  ['the same key twice', 'name: tiny\nname: tiny', 'name: tiny', { line: 2 }],
  ['an unknown stage', 'from: pretran', 'from: pretrain', { line: 15, column: 11, nearest: 'pretrain' }],
  ['unknown data', 'data: talk', 'data: talks', { line: 16, nearest: 'talks' }],
  ['patience without validation', 'data: talks\n    patience: 3', 'data: talks', { line: 17, key: 'patience' }],
  ['the best without validation', 'data: talks\n    keep: best', 'data: talks', { line: 17, key: 'keep' }],
  [
    'validation by what it trains on',
    'data: talks\n    validation: talks',
    'data: talks',
    { line: 17, key: 'validation' },
  ],
  ['unknown data in a list', 'data: [talks, talk]', 'data: talks', { line: 16, column: 19, nearest: 'talks' }],
  ['unknown data with a weight', 'data: { talk: 2 }', 'data: talks', { line: 16, nearest: 'talks' }],
  ['validation of the wrong kind', 'data: talks\n    validation: asks', 'data: talks', { line: 17, key: 'validation' }],
  ['data of the wrong kind', 'data: asks', 'data: talks', { line: 16, key: 'data' }],
  ['a stage of the wrong type', 'preferences: sft', 'preferences: votes', { line: 24, key: 'preferences' }],
  [
    'a reward model as a policy',
    'from: reward\n    reward: reward',
    'from: sft\n    reward: reward',
    { line: 27, key: 'from' },
  ],
  ['random weights as a policy', 'from: model', 'from: pretrain', { line: 15, key: 'from' }],
  ['sampled pairs tested on a file', 'prompts: asks\n    heldOut: talks\n  reward:', 'prompts: asks\n  reward:', { line: 21, column: 14, key: 'heldOut' }], // biome-ignore format: rows
  [
    'preferences without a source',
    'type: preferences\n    from: sft',
    'type: preferences\n    from: sft\n    prompts: asks',
    { line: 18 },
  ],
  ['a ν that nothing reads', 'preferences: votes\n    tieNu: 1', 'preferences: votes', { line: 25, key: 'tieNu' }],
  ['a candidate that is the baseline', 'candidates: [ppo, sft]', 'candidates: [ppo]', { line: 32, column: 23 }],
  [
    'a gate without an evaluation',
    'after: []\n    minWinRate: 0.5',
    'after: [compare]',
    { line: 40, key: 'minWinRate' },
  ],
  [
    "a stage called 'model'",
    'model:\n    type: sft\n    from: pretrain\n    data: talks\n  sft:',
    'sft:',
    { line: 14, key: 'model' },
  ],
])('a recipe with %s', (_, to, from, problem) => {
  it('is refused at its place', () => {
    expect(problemsOf(changed(from, to))[0]).toMatchObject(problem)
  })
})

describe('imported preferences', () => {
  const imported = (votes: string) =>
    changed('asks: {', 'pairs: { dataset: pairs }\n  tests: { dataset: tests }\n  asks: {').replace(
      '    type: preferences\n    from: sft\n    prompts: asks\n',
      `    type: preferences\n${votes}`,
    )

  it.each([
    ['a share of them', 0.2],
    ['a data source of their own', 'tests'],
  ])('are tested on %s', (_, heldOut) => {
    const { recipe, problems, warnings } = checkRecipe(imported(`    data: pairs\n    heldOut: ${heldOut}\n`))
    expect({ problems, votes: recipe?.stages.votes }).toMatchObject({ problems: [], votes: { heldOut } })
    expect(warnings.map(({ key }) => key)).toEqual(heldOut === 'tests' ? [] : ['tests'])
  })

  it.each([
    ['what they train on', 'pairs', "'pairs' is also trained on: name other data, or a share of it such as 0.15"],
    ['data that there is not', 'testz', "there is no data source 'testz'; the nearest is 'tests'"],
    ['data of another kind', 'talks', "'talks' holds conversations; expected preferences"],
    ['more than 0.9 of them', '0.95', '<=0.9'],
  ])('are not tested on %s', (_, heldOut, message) => {
    expect(problemsOf(imported(`    data: pairs\n    heldOut: ${heldOut}\n`))).toMatchObject([
      { line: 22, column: 14, key: 'heldOut', message: expect.stringContaining(message) },
    ])
  })
})

describe('prompts', () => {
  const stages = [
    '{ type: preferences, from: sft, prompts: talks }',
    '{ type: ppo, from: sft, reward: reward, prompts: talks }',
    '{ type: grpo, from: sft, reward: reward, prompts: talks }',
    '{ type: rloo, from: sft, reward: reward, prompts: talks }',
    '{ type: evaluate, candidates: [ppo], baseline: sft, prompts: talks, judge: { reward: reward } }',
  ]
  const withStage = (stage: string) => changed('  publish:\n', `  more: ${stage}\n  publish:\n`)

  it.each(stages)('of %s hold prompts, or preferences with theirs', (stage) => {
    const message = "stages.more.prompts: 'talks' holds conversations; expected prompts or preferences"
    expect(problemsOf(withStage(stage))).toMatchObject([{ line: 36, key: 'prompts', message }])
    const registered = withStage(stage).replace(/talks: {.*}/, 'talks: { dataset: talks }')
    expect(dataUses(parseRecipe(registered))).toContainEqual({
      path: ['stages', 'more', 'prompts'],
      name: 'talks',
      kinds: ['prompts', 'preferences'],
    })
  })
})

describe('a dpo stage', () => {
  const withLoss = (settings: string) =>
    problemsOf(
      changed('  publish:\n', `  dpo: { type: dpo, from: sft, preferences: votes, ${settings} }\n  publish:\n`),
    )

  it.each([
    'beta: 0.1',
    'labelSmoothing: 0.1',
    'loss: hinge',
    'loss: ipo',
    'loss: robust, labelSmoothing: 0.1',
    'loss: apo_zero',
    'loss: simpo, beta: 2, simpoGamma: 1',
    'loss: orpo',
    'loss: kto, desirableWeight: 0.75, sftWeight: 0.1',
    'loss: hinge, lengthNormalize: true, sftWeight: 1',
  ])('takes %s', (settings) => {
    expect(withLoss(settings)).toEqual([])
  })

  it.each([
    [
      'loss: hinge, labelSmoothing: 0.1',
      'labelSmoothing',
      "the loss 'hinge' does not read it: it belongs to 'sigmoid'",
    ],
    ['loss: robust', 'loss', "'robust' needs 'labelSmoothing' above 0"],
    ['loss: ipo, simpoGamma: 1', 'simpoGamma', "the loss 'ipo' does not read it: it belongs to 'simpo'"],
    ['loss: orpo, sftWeight: 1', 'sftWeight', "the loss 'orpo' does not read it"],
    ['loss: ipo, lengthNormalize: true', 'lengthNormalize', "it belongs to 'sigmoid', 'hinge', 'robust', 'apo_zero'"],
    ['desirableWeight: 2', 'desirableWeight', "the loss 'sigmoid' does not read it: it belongs to 'kto'"],
    ['loss: kto, ties: half', 'ties', "'kto' judges answers one by one"],
    ['loss: simpo', 'loss', "'simpo' needs 'simpoGamma'"],
    ['labelSmoothing: 0.5', 'labelSmoothing', '<0.5'],
    ['samplePrompts: 0, sampleEverySteps: 5', 'sampleEverySteps', "there is nothing to answer: 'samplePrompts' is 0"],
  ])('refuses %s', (settings, key, message) => {
    expect(withLoss(settings)).toMatchObject([{ line: 36, key, message: expect.stringContaining(message) }])
  })
})

describe('lora', () => {
  const withLora = (lora: string, stage = '    type: sft\n') => changed(stage, `${stage}    lora: ${lora}\n`)

  it('has the defaults of its own, and 10 times the learning rate of its stage', () => {
    const { stages } = parseRecipe(withLora('{}').replace('type: ppo\n', 'type: ppo\n    lora: { rank: 4 }\n'))
    expect(stages.sft).toMatchObject({
      lora: { rank: 16, alpha: 32, dropout: 0, rsLora: false },
      learningRate: 2e-4,
    })
    expect(stages.ppo).toMatchObject({ lora: { rank: 4 }, learningRate: 3e-5 })
    expect(stages.reward).toMatchObject({ learningRate: 1e-4 })
  })

  it('leaves a learning rate that is stated', () => {
    const text = withLora('{}').replace('lora: {}\n', 'lora: {}\n    learningRate: 0.5\n')
    expect(parseRecipe(text).stages.sft).toMatchObject({ learningRate: 0.5 })
  })

  it.each([
    ['{ targets: [q_prj] }', { line: 15, key: '0', nearest: 'q_proj', message: expect.stringContaining('down_proj') }],
    ['{ targets: [q_proj, c_fc] }', { line: 15, column: 31, key: '1', message: expect.stringContaining("'c_fc'") }],
    ['{ targets: [] }', { line: 15, key: 'targets' }],
    ['{ rnk: 4 }', { line: 15, key: 'rnk', nearest: 'rank' }],
    ['{ dropout: 1 }', { line: 15, key: 'dropout' }],
  ])('refuses %s', (lora, problem) => {
    expect(problemsOf(withLora(lora))).toMatchObject([problem])
  })

  it('drops nothing in ppo, whose ratios begin at 1', () => {
    expect(problemsOf(withLora('{ dropout: 0.1 }'))).toEqual([])
    const ppo = withLora('{ dropout: 0.1 }', '    type: ppo\n')
    expect(problemsOf(ppo)).toMatchObject([{ key: 'dropout', message: expect.stringContaining('without dropout') }])
  })

  it('is for fine-tuning: a pretrain stage has no such key', () => {
    expect(problemsOf(withLora('{}', '    type: pretrain\n'))).toMatchObject([{ key: 'lora' }])
  })
})

describe('checkRecipe', () => {
  it('refuses stages that wait for each other in a circle', () => {
    const text = changed('    from: pretrain\n    data: talks', '    from: ppo\n    data: talks')
    expect(problemsOf(text)).toMatchObject([{ message: expect.stringContaining('sft → ppo → sft'), key: 'sft' }])
  })

  it('warns of data that no stage uses', () => {
    const text = changed('data:\n', 'data:\n  spare: { dataset: other }\n')
    expect(checkRecipe(text).warnings).toMatchObject([{ line: 6, key: 'spare' }])
  })

  it('refuses an empty text', () => {
    expect(problemsOf('')).toMatchObject([{ line: 1, column: 1 }])
  })
})

describe('planRecipe', () => {
  it('puts each stage after its inputs, and keeps the written order otherwise', () => {
    expect(planRecipe(parseRecipe(valid))).toEqual(['pretrain', 'sft', 'votes', 'reward', 'ppo', 'compare', 'publish'])
  })

  it('moves a stage that is written before its input', () => {
    const early = 'stages:\n  last:\n    type: release\n    from: sft\n    name: last\n'
    const order = planRecipe(parseRecipe(changed('stages:\n', early)))
    expect(order.indexOf('last')).toBe(order.indexOf('sft') + 1)
  })
})
