import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobOf } from '@temper/db/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  adapterFolder,
  readAdapter,
  readCheckpoint,
  readResumeState,
  weightsDigest,
  writeCheckpoint,
} from '../checkpoint/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { createGroupTrainer } from './create-group.ts'
import { createPpoTrainer } from './create-ppo.ts'
import { createDpoTrainer, createRewardTrainer } from './create-preference.ts'
import { createSupervisedTrainer } from './create-supervised.ts'
import { lastCheckpoint, makeToy, metricsOf, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'
import type { JobContext, Trainer } from './trainer.ts'

let toy: Toy
let policy: string
/** Adapters over `policy`. */
let rewardModel: string

const lora = { rank: 4, alpha: 8 }

beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain()))
  rewardModel = lastCheckpoint(await runToyJob(toy.reward(policy, { lora, epochs: 8 })))
})
afterAll(() => toy.remove())
afterEach(() => vi.restoreAllMocks())

const context: JobContext = { emit: () => undefined, stopRequested: () => false, nowMs: () => performance.now() }
const elsewhere: Toy['elsewhere'] = (job, name) => toy.elsewhere(job, name)
const isTrained = (name: string) => /\.lora_[AB]\.weight$|\/score\.weight$/.test(name)

/** A trainer as its job makes it, its program, and the variables that were added before its first step. */
async function prepared(create: () => Promise<Trainer>) {
  const add = vi.spyOn(TracedProgram.prototype, 'addVariables')
  const trainer = await create()
  const program = add.mock.contexts[0] as TracedProgram
  const added = () =>
    add.mock.calls.filter((_, i) => add.mock.contexts[i] === program).flatMap(([specs]) => Object.keys(specs))
  const weights = added()
  await trainer.prepare()
  const state = added().filter((name) => !weights.includes(name))
  return { trainer, program, weights, state }
}

describe.each<[string, () => Promise<Trainer>]>([
  ['sft', () => createSupervisedTrainer(toy.sft(policy, { lora }), context)],
  ['reward', () => createRewardTrainer(toy.reward(policy, { lora }), context)],
  ['dpo', () => createDpoTrainer(toy.dpo(policy, { lora }), context)],
  ['ppo', () => createPpoTrainer(toy.ppo(policy, rewardModel, { lora }), context)],
  [
    'ppo whose values are a head on the policy',
    () => createPpoTrainer(toy.ppo(policy, rewardModel, { lora, valueBody: 'shared', valueInit: 'zero' }), context),
  ],
  ['grpo', () => createGroupTrainer(toy.grpo(policy, rewardModel, { lora, beta: 0.1 }), context)],
  ['rloo', () => createGroupTrainer(toy.rloo(policy, rewardModel, { lora, beta: 0 }), context)],
])('%s with adapters', (_, create) => {
  it('moves adapters and score heads, and leaves the bits of all else', async () => {
    const { trainer, program, weights, state } = await prepared(create)
    const before = await program.read(weights)
    for (let step = 0; step < 2; step++) await trainer.advance()
    const after = await program.read(weights)
    for (const name of weights) {
      // The reward model of a stage that samples is frozen, adapters and all.
      const moves = isTrained(name) && !(weights.includes('ref/model.norm.weight') && name.startsWith('reward/'))
      if (moves) expect(after[name], name).not.toEqual(before[name])
      else expect(after[name], name).toEqual(before[name])
    }
    expect(state.every((name) => name.startsWith('adamw/') && isTrained(name))).toBe(true)
    expect(state.length).toBeGreaterThan(0)
    trainer.close()
  })
})

describe('a checkpoint of adapters', () => {
  let dir: string
  beforeAll(async () => {
    const job = elsewhere(toy.sft(policy, { lora: { ...lora, targets: ['q_proj', 'down_proj'] } }), 'files')
    const origin = { run: 'run_1', stage: 'sft', parents: ['ckpt_base'], data: [] }
    dir = lastCheckpoint(await runToyJob({ ...job, origin }))
  })

  it('is whole: its weights are those of the base with the adapters added in', async () => {
    const [base, saved] = [await readCheckpoint(policy), await readCheckpoint(dir)]
    const { tensors } = await readAdapter(path.join(dir, adapterFolder), saved.model)
    for (const [name, values] of Object.entries(saved.tensors)) {
      const module = name.replace(/\.weight$/, '')
      const [a, b] = [tensors[`${module}.lora_A.weight`], tensors[`${module}.lora_B.weight`]]
      const before = base.tensors[name] ?? new Float32Array()
      if (!a || !b) expect(values, name).toEqual(before)
      else {
        const columns = a.length / 4
        const expected = before.map((weight, at) => {
          const [row, column] = [Math.floor(at / columns), at % columns]
          return [0, 1, 2, 3].reduce(
            (sum, r) => sum + 2 * (b[row * 4 + r] ?? 0) * (a[r * columns + column] ?? 0),
            weight,
          )
        })
        expect(values).not.toEqual(before)
        for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 6)
      }
    }
  })

  it('says what it is an adapter of', async () => {
    const { lineage } = await readCheckpoint(dir)
    expect(lineage?.adapter).toEqual({
      base: { checkpoint: 'ckpt_base', sha256: weightsDigest((await readCheckpoint(policy)).tensors) },
      rank: 4,
      alpha: 8,
      rsLora: false,
      targets: ['q_proj', 'down_proj'],
    })
  })

  it('holds the adapters as PEFT does, with the bits of its resume part', async () => {
    const config = JSON.parse(await readFile(path.join(dir, 'adapter/adapter_config.json'), 'utf8'))
    expect(config).toMatchObject({
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'ckpt_base',
      r: 4,
      lora_alpha: 8,
      lora_dropout: 0,
      target_modules: ['q_proj', 'down_proj'],
      modules_to_save: null,
    })
    const { model } = await readCheckpoint(dir)
    const { tensors } = await readAdapter(path.join(dir, adapterFolder), model)
    const resume = await readResumeState(dir)
    expect(Object.keys(tensors)).toHaveLength(8) // A and B of 2 modules in 2 layers
    for (const [name, values] of Object.entries(tensors)) {
      expect(resume.tensors[`policy/${name}`]?.data, name).toEqual(values)
    }
  })

  it('of a reward model holds its score head too', async () => {
    const { model, tensors: whole } = await readCheckpoint(rewardModel)
    const { tensors } = await readAdapter(path.join(rewardModel, adapterFolder), model)
    expect(tensors['score.weight']).toEqual(whole['score.weight'])
    const config = JSON.parse(await readFile(path.join(rewardModel, 'adapter/adapter_config.json'), 'utf8'))
    expect(config).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['score'] })
  })
})

describe('ppo with adapters', () => {
  const weightsOf = async (settings: object, from = policy) => {
    const { trainer, weights } = await prepared(() => createPpoTrainer(toy.ppo(from, rewardModel, settings), context))
    trainer.close()
    return weights
  }
  const wholeRoles = (weights: string[]) =>
    [...new Set(weights.filter((name) => !isTrained(name)).map((name) => name.split('/')[0]))].sort()

  it('holds weights once: policy, reward and value model are adapters over those of the reference', async () => {
    const weights = await weightsOf({ lora })
    expect(wholeRoles(weights)).toEqual(['ref'])
    expect([...new Set(weights.map((name) => name.split('/')[0]))].sort()).toEqual(['policy', 'ref', 'reward', 'value'])
    expect(wholeRoles(await weightsOf({ lora, valueInit: 'zero' }))).toEqual(['ref'])
  })

  it('shares the weights of a reward model also where all of the policy is trained', async () => {
    expect(wholeRoles(await weightsOf({}))).toEqual(['policy', 'ref', 'value'])
  })

  it('loads a reward model by itself that stands over other weights', async () => {
    const other = lastCheckpoint(await runToyJob(elsewhere(toy.sft(policy, { epochs: 1 }), 'other')))
    expect(wholeRoles(await weightsOf({ lora }, other))).toEqual(['ref', 'reward'])
  })

  it('finds ratio 1 and KL 0 before its first update', async () => {
    const settings = { lora, iterations: 1, ppoEpochs: 1, miniBatches: 1 }
    const [first] = metricsOf(await runToyJob(elsewhere(toy.ppo(policy, rewardModel, settings), 'first')))
    expect(first?.values['objective/kl']).toBe(0)
    expect(first?.values['val/ratio']).toBeCloseTo(1, 6)
    expect(first?.values['policy/clipfrac_avg']).toBe(0)
  })

  it('scores as the whole reward model does', async () => {
    const scores = async (reward: string, name: string) => {
      const job: JobOf<'ppo'> = toy.ppo(policy, reward, { lora, iterations: 1, ppoEpochs: 1, miniBatches: 1 })
      return metricsOf(await runToyJob(elsewhere(job, name)))[0]?.values['objective/scores'] ?? Number.NaN
    }
    const { lineage, model, tensors, generationConfig } = await readCheckpoint(rewardModel)
    const whole = path.join(toy.dir, 'whole-reward')
    if (!lineage) throw new Error('the reward model has a temper.json')
    const { adapter: _, ...plain } = lineage
    await writeCheckpoint(whole, { model, tensors, lineage: plain, generationConfig, tokenizerDir: rewardModel })
    expect(await scores(rewardModel, 'shared')).toBeCloseTo(await scores(whole, 'apart'), 4)
  })
})

describe('grpo and rloo with adapters', () => {
  const rolesOf = async (settings: object) => {
    const job = toy.grpo(policy, rewardModel, settings)
    const { trainer, weights } = await prepared(() => createGroupTrainer(job, context))
    trainer.close()
    return [...new Set(weights.map((name) => `${name.split('/')[0]}${isTrained(name) ? ' (adapters)' : ''}`))].sort()
  }
  const sharing = ['policy (adapters)', 'ref', 'reward (adapters)']

  it.each([
    ['once, be they a reference', { lora, beta: 0.1 }, sharing],
    ['once, be they none', { lora, beta: 0 }, sharing],
    ['beside a policy that is trained whole', { beta: 0.1 }, ['policy', 'ref', 'reward (adapters)']],
    [
      'in a whole reward model alone, where there is no reference',
      { beta: 0 },
      ['policy', 'reward', 'reward (adapters)'],
    ],
  ])('hold frozen weights %s', async (_, settings, roles) => {
    expect(await rolesOf(settings)).toEqual(roles)
  })

  it.each(['grpo', 'rloo'] as const)('find KL 0 before the first update of %s', async (type) => {
    const job = toy[type](policy, rewardModel, { lora, iterations: 1, beta: 0.1 })
    const [first] = metricsOf(await runToyJob(elsewhere(job, `${type}-first`)))
    expect(first?.values).toMatchObject({ kl: 0, clip_ratio: 0 })
  })

  it.each(['grpo', 'rloo'] as const)('read no reference at beta 0 in %s', async (type) => {
    const job = toy[type](policy, rewardModel, { lora, iterations: 1, beta: 0 })
    const [first] = metricsOf(await runToyJob(elsewhere(job, `${type}-free`)))
    expect(first?.values.reward).toBeDefined()
    expect(first?.values).not.toHaveProperty('kl')
  })
})

it('starts dpo at ln 2 and margin 0, its base being the reference', async () => {
  const [first] = metricsOf(await runToyJob(elsewhere(toy.dpo(policy, { lora }), 'dpo-first')))
  expect(first?.values.loss).toBeCloseTo(Math.LN2, 5)
  expect(first?.values['rewards/margins']).toBeCloseTo(0, 5)
})

it('learns conversations, with dropout too', async () => {
  for (const dropout of [0, 0.1]) {
    const job = toy.sft(policy, { lora: { rank: 8, dropout }, epochs: 40, packing: false })
    const values = metricsOf(await runToyJob(elsewhere(job, `learns-${dropout}`)))
    expect(values.at(-1)?.values.loss).toBeLessThan(0.7 * (values[0]?.values.loss ?? Number.NaN))
  }
})

it('refuses layers that the model does not have', async () => {
  const job = toy.sft(policy, { lora: { targets: ['q_proj', 'c_attn'] } })
  await expect(runToyJob(elsewhere(job, 'refused'))).rejects.toMatchObject({
    code: 'invalid_recipe',
    message: expect.stringContaining('c_attn cannot have an adapter in this llama model; expected some of q_proj'),
  })
})

it('does not go on over another base', async () => {
  const job = elsewhere(toy.sft(policy, { lora }), 'base')
  const first = lastCheckpoint(await runToyJob(segmentOf(job, job.outDir, undefined, 1)))
  const other = { ...job, model: first }
  await expect(runToyJob(segmentOf(other, job.outDir, first))).rejects.toMatchObject({
    code: 'invalid_checkpoint',
    message: expect.stringContaining('cannot be resumed: it stands over base'),
  })
})
