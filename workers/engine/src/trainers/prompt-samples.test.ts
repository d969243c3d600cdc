import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { EngineEvent } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyFamily } from '../models/families.fixture.ts'
import { addRole } from '../models/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { createDpoTrainer } from './create-preference.ts'
import { PromptSamples } from './prompt-samples.ts'
import { lastCheckpoint, lengthReward, makeToy, runToyJob, segmentOf, type Toy } from './toy.fixture.ts'

let toy: Toy
let policy: string

beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain({ samplePrompts: 0 })))
})
afterAll(() => toy.remove())

type Samples = Extract<EngineEvent, { type: 'samples' }>
const samplesOf = (events: readonly EngineEvent[]): Samples[] =>
  events.flatMap((event) => (event.type === 'samples' ? [event] : []))
const promptsIn = (events: readonly EngineEvent[]) =>
  samplesOf(events).map(({ samples }) => samples.map((s) => s.prompt))

describe('a stage', () => {
  it('of rollouts answers prompts that are held out, shown as they were written', async () => {
    const job = { ...toy.ppo(policy, [lengthReward], { iterations: 1, valueInit: 'zero' }) }
    const heldOut = path.join(toy.dir, 'held-out-prompts.jsonl')
    await writeFile(heldOut, `${JSON.stringify({ messages: [{ role: 'user', content: 'say it' }] })}\n`)
    const events = await runToyJob({ ...job, heldOut })
    const [before, rollout] = samplesOf(events)
    expect(before).toMatchObject({ step: 0, source: 'held-out', samples: [{ prompt: 'say it' }] })
    expect(rollout).toMatchObject({ source: 'rollout' })
    expect(rollout?.samples[0]?.prompt).toMatch(/^say \w\w$/)
  })

  it('answers the same first rows before its first step, on the way and after its last', async () => {
    const job = toy.sft(policy, { packing: false, samplePrompts: 2, sampleEverySteps: 5 })
    const events = await runToyJob(segmentOf(job, path.join(toy.dir, 'shown')))
    expect(samplesOf(events).map(({ step, source }) => [step, source])).toEqual([
      [0, 'first-rows'],
      [5, 'first-rows'],
      [10, 'first-rows'],
      [12, 'first-rows'],
    ])
    const [first] = promptsIn(events)
    expect(first).toHaveLength(2)
    expect(first?.[0]).toContain('say ha')
    expect(first?.[1]).toContain('say no')
    for (const prompts of promptsIn(events)) expect(prompts).toEqual(first)
    const [before, after] = [samplesOf(events)[0]?.samples, samplesOf(events).at(-1)?.samples]
    expect(after).not.toEqual(before)
  })

  it('shows nothing twice and nothing else when it is resumed', async () => {
    const job = toy.sft(policy, { packing: false, samplePrompts: 2, sampleEverySteps: 3 })
    const whole = await runToyJob(segmentOf(job, path.join(toy.dir, 'whole')))
    const parts = path.join(toy.dir, 'parts')
    const first = await runToyJob(segmentOf(job, parts, undefined, 6))
    const rest = await runToyJob(segmentOf(job, parts, lastCheckpoint(first)))
    expect(samplesOf([...first, ...rest])).toEqual(samplesOf(whole))
  })

  it('takes prompts of the pairs that dpo holds out, whole where training cuts them', async () => {
    const events = await runToyJob(toy.dpo(policy, { epochs: 1, maxLength: 8 }))
    expect(promptsIn(events)[0]?.[0]).toContain('say ha')
    expect(new Set(samplesOf(events).map(({ source }) => source))).toEqual(new Set(['held-out']))
  })

  it('of dpo looks at evaluations only where a held-out pair was decided, else at steps of its own', async () => {
    const tie = path.join(toy.dir, 'held-out-tie.jsonl')
    await writeFile(tie, `${(await readFile(toy.dpo(policy).pairs, 'utf8')).trim().split('\n').at(-1)}\n`)
    const dueSteps = async (heldOut?: string) => {
      const job = toy.elsewhere({ ...toy.dpo(policy), ...(heldOut && { heldOut }) }, 'due')
      const trainer = await createDpoTrainer(job, { emit: () => 0, stopRequested: () => false, nowMs: () => 0 })
      trainer.close()
      const steps = Array.from({ length: 16 }, (_, step) => step)
      return steps.filter((step) => trainer.samples?.isDue({ step, totalSteps: 16, isLast: false }, 0))
    }
    expect(await dueSteps()).toEqual([0, 10])
    expect(await dueSteps(tie)).toEqual([0, 2, 4, 6, 8, 10, 12, 14])
  })

  it('continues the beginnings of documents that pretrain holds out', async () => {
    const events = await runToyJob(toy.pretrain({ steps: 1 }, { validation: 0.2 }))
    expect(samplesOf(events).map(({ step, source }) => [step, source])).toEqual([
      [0, 'held-out'],
      [1, 'held-out'],
    ])
    // The last three of twelve texts: "so so so", "say up up" and "up up up".
    expect(promptsIn(events)[0]).toEqual(['so so', 'say u', 'up up'])
  })

  it('shows nothing where no prompts are wanted', async () => {
    const job = toy.sft(policy, { epochs: 1, samplePrompts: 0 })
    expect(samplesOf(await runToyJob(segmentOf(job, path.join(toy.dir, 'quiet'))))).toEqual([])
  })
})

it('looks unasked at evaluations, where there are any', async () => {
  const model = tinyFamily('llama')
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(1))
  const policy = { program, model, role: 'policy', tokenizer: { stopIds: [1], decode: () => '' } }
  const choice = { heldOut: [{ ids: [3, 4], text: '' }], firstRows: [] }
  const samples = new PromptSamples(policy, choice, { samplePrompts: 1, sampleEverySteps: undefined }, 25)
  const steps = Array.from({ length: 400 }, (_, step) => step)
  const due = steps.filter((step) => samples.isDue({ step, totalSteps: 400, isLast: false }, 0))
  expect(due).toEqual([0, 50, 100, 150, 200, 250, 300, 350])
  program.close()
})

it('looks unasked only while that has taken at most a twentieth of the time', async () => {
  const model = tinyFamily('llama')
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(1))
  const tokenizer = { stopIds: [1], decode: (ids: readonly number[]) => ids.join(' ') }
  const settings = { samplePrompts: 1, sampleEverySteps: undefined }
  const samples = new PromptSamples(
    { program, model, role: 'policy', tokenizer },
    { heldOut: [], firstRows: [{ ids: [3, 4], text: 'three four' }] },
    settings,
  )
  const due = (step: number, nowMs: number, isLast = false) => samples.isDue({ step, totalSteps: 80, isLast }, nowMs)
  expect(due(0, 0)).toBe(true)
  let nowMs = 0
  await samples.look(0, () => {
    nowMs += 1000
    return nowMs
  })
  expect(due(10, 19_000)).toBe(false)
  expect(due(10, 20_000)).toBe(true)
  expect(due(11, 20_000)).toBe(false)
  expect(due(80, 2000, true)).toBe(true)
  program.close()
})
