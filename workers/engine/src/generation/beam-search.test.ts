import { samplingSchema } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshParams, statesOf, tinyFamily } from '../models/families.fixture.ts'
import { addRole, type Model } from '../models/index.ts'
import { tf } from '../runtime/index.ts'
import { EagerProgram, TracedProgram } from '../tracing/index.ts'
import { type BeamRequest, BeamSearch } from './beam-search.ts'
import { Generator } from './generator.ts'

const prompts = [[3, 4], [5], [1, 2, 0, 5, 4, 1, 2]]

/** Log-probs of the token after `ids`, without a cache. */
function nextLogps(model: Model, ids: readonly number[]): number[] {
  return tf.tidy(() => {
    const params = freshParams(model, 3)
    const last = tf.slice(statesOf(model, params, ids), [0, ids.length - 1, 0], [1, 1, -1])
    const logits = tf.matMul(tf.reshape(last, [1, -1]), model.headWeight(params), false, true)
    return [...tf.logSoftmax(logits).dataSync()]
  })
}

interface Sequence {
  ids: number[]
  logp: number
}

function extended(model: Model, prompt: readonly number[], { ids, logp }: Sequence): Sequence[] {
  return nextLogps(model, [...prompt, ...ids]).map((own, id) => ({ ids: [...ids, id], logp: logp + own }))
}

/** Every completion that ends in `stop` or is three tokens long. */
function allCompletions(model: Model, prompt: readonly number[], stop: number, from: Sequence): Sequence[] {
  if (from.ids.length === 3 || from.ids.at(-1) === stop) return [from]
  return extended(model, prompt, from).flatMap((one) => allCompletions(model, prompt, stop, one))
}

/** The best `numBeams` of all continuations, `steps` times. */
function plainSearch(model: Model, prompt: readonly number[], numBeams: number, steps: number): Sequence[] {
  let beams: Sequence[] = [{ ids: [], logp: 0 }]
  for (let step = 0; step < steps; step++) {
    const next = beams.flatMap((beam) => extended(model, prompt, beam))
    beams = next.sort((a, b) => b.logp - a.logp).slice(0, numBeams)
  }
  return beams
}

async function programOf(model: Model): Promise<TracedProgram> {
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(3))
  return program
}

describe.each(['llama', 'mistral', 'qwen3_moe'])('beam search with %s', (modelType) => {
  it('finds what a search without a cache finds, for prompts of several lengths at once', async () => {
    const model = tinyFamily(modelType, { initializer_range: 0.5 })
    const program = await programOf(model)
    const found = await new BeamSearch(program, model, 'policy').search({
      prompts,
      numBeams: 3,
      maxTokens: 6,
      stopIds: [],
    })
    program.close()
    for (const [i, prompt] of prompts.entries()) {
      const expected = plainSearch(model, prompt, 3, 6)
      expect(found[i]?.map(({ ids }) => ids)).toEqual(expected.map(({ ids }) => ids))
      for (const [beam, { logp }] of expected.entries()) expect(found[i]?.[beam]?.score).toBeCloseTo(logp / 6, 4)
    }
  })
})

describe('beam search', () => {
  const model = tinyFamily('llama', { vocab_size: 6, initializer_range: 0.5 })
  let program: TracedProgram
  let beams: BeamSearch
  beforeAll(async () => {
    program = await programOf(model)
    beams = new BeamSearch(program, model, 'policy')
  })
  afterAll(() => program.close())

  const search = (request: Partial<BeamRequest> = {}) =>
    beams.search({ prompts, numBeams: 3, maxTokens: 8, stopIds: [], ...request })

  it.each([0, 1, 2])(
    'with beams for everything ranks all completions by score, at length penalty %i',
    async (power) => {
      const [prompt = []] = prompts
      const settings = {
        lengthPenalty: power,
        earlyStopping: 'never',
        numBeams: 36,
        maxTokens: 3,
        stopIds: [2],
      } as const
      const [found = []] = await search({ prompts: [prompt], ...settings })
      const all = allCompletions(model, prompt, 2, { ids: [], logp: 0 })
      const ranked = all
        .map(({ ids, logp }) => ({ ids, score: logp / ids.length ** power }))
        .sort((a, b) => b.score - a.score)
      expect(all).toHaveLength(1 + 5 + 25 * 6)
      expect(found.map(({ ids }) => ids)).toEqual(ranked.slice(0, 36).map(({ ids }) => ids))
      for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(ranked[i]?.score ?? Number.NaN, 4)
    },
  )

  it('with one beam is greedy decoding', async () => {
    const sampling = samplingSchema.parse({ temperature: 0, maxTokens: 8 })
    const generator = new Generator(program, model, 'policy', prompts.length)
    for (const stopIds of [[], [0, 1]]) {
      const greedy = await generator.generate({ prompts, sampling, stopIds, seed: 0 })
      const found = await search({ numBeams: 1, stopIds })
      expect(found.map((best) => best.map(({ ids }) => ids))).toEqual(greedy.map(({ ids }) => [ids]))
    }
  })

  it('ends at a stop token and keeps it, and says when the limit cut a completion', async () => {
    const found = (await search({ stopIds: [0, 3] })).flat()
    for (const { ids, stopped } of found) {
      expect(ids.slice(0, -1).some((id) => id === 0 || id === 3)).toBe(false)
      expect(stopped).toBe(ids.at(-1) === 0 || ids.at(-1) === 3)
      if (!stopped) expect(ids).toHaveLength(8)
    }
    expect(found.some(({ stopped, ids }) => stopped && ids.length < 8)).toBe(true)
  })

  it('gives a prompt the same completions whatever shares the batch', async () => {
    const together = await search({ stopIds: [0] })
    for (const [i, prompt] of prompts.entries()) {
      const [alone] = await search({ stopIds: [0], prompts: [prompt] })
      expect(alone?.map(({ ids }) => ids)).toEqual(together[i]?.map(({ ids }) => ids))
    }
  })

  it('finds the same operation by operation', async () => {
    const eager = new EagerProgram()
    await addRole(eager, 'policy', model, model.initialize(3))
    const found = await new BeamSearch(eager, model, 'policy').search({
      prompts,
      numBeams: 3,
      maxTokens: 8,
      stopIds: [],
    })
    eager.close()
    const traced = await search()
    expect(found.flat().map(({ ids }) => ids)).toEqual(traced.flat().map(({ ids }) => ids))
  })

  it('gives the same again, and nothing for no prompts', async () => {
    expect(await search()).toEqual(await search())
    expect(await search({ prompts: [] })).toEqual([])
  })

  it('finds completions of bf16 products and cache with the log-probs of fp32, to rounding', async () => {
    const wide = tinyFamily('llama', { initializer_range: 0.5 })
    const narrow = new TracedProgram()
    await addRole(narrow, 'policy', wide, wide.initialize(3), 'bf16')
    const request = { prompts: [prompts[2] ?? []], numBeams: 3, maxTokens: 6, stopIds: [] }
    const [[best] = []] = await new BeamSearch(narrow, wide, 'policy', 'bf16').search(request)
    narrow.close()
    const ids = [...(prompts[2] ?? [])]
    let logp = 0
    for (const id of best?.ids ?? []) {
      logp += nextLogps(wide, ids)[id] ?? Number.NaN
      ids.push(id)
    }
    expect(best?.ids).toHaveLength(6)
    expect(Math.abs((best?.score ?? Number.NaN) - logp / 6)).toBeLessThan(0.1)
  })

  it('finds the same for searches that are asked for together', async () => {
    const requests = [{ numBeams: 3 }, { numBeams: 3, maxTokens: 5 }, { numBeams: 2, stopIds: [1] }]
    const alone = []
    for (const request of requests) alone.push(await search(request))
    expect(await Promise.all(requests.map(search))).toEqual(alone)
  })

  it('ends between two steps where its signal comes, and the next search begins', async () => {
    let looks = 0
    const afterTwoSteps = { get aborted() { return ++looks > 2 } } // biome-ignore format: one value
    const cancelled = search({ signal: afterTwoSteps as AbortSignal })
    const next = search()
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    expect(looks).toBe(3)
    expect(await next).toEqual(await search())
  })

  it.each([
    ['a prompt that leaves no room to answer', { prompts: [[1], Array<number>(60).fill(1)] }],
    ['an empty prompt', { prompts: [[]] }],
    ['no beams', { numBeams: 0 }],
    ['no tokens', { maxTokens: 0 }],
  ])('refuses %s', async (_, request) => {
    await expect(search(request)).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
