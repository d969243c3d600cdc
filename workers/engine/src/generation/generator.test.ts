import { type Sampling, samplingSchema } from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRole, loadModel, type Model } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { Generator } from './generator.ts'

const model: Model = loadModel({
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  vocab_size: 40,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  hidden_act: 'silu',
  tie_word_embeddings: true,
  initializer_range: 0.3,
  attention_bias: false,
  mlp_bias: false,
  rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
})
const prompts = [[3, 9, 4], [7], [5, 6, 11, 2, 8, 12, 30], [21, 22]]
const sampling = (part: Partial<Sampling> = {}): Sampling =>
  samplingSchema.parse({ temperature: 1, maxTokens: 12, ...part })
const greedy = sampling({ temperature: 0 })

let program: TracedProgram
beforeAll(async () => {
  program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(3))
})
afterAll(() => program.close())

const generate = (slots: number, request: Partial<Parameters<Generator['generate']>[0]> = {}) =>
  generator(slots).generate({ prompts, sampling: greedy, stopIds: [], seed: 5, ...request })

const generators = new Map<number, Generator>()
function generator(slots: number): Generator {
  const known = generators.get(slots) ?? new Generator(program, model, 'policy', slots)
  generators.set(slots, known)
  return known
}

/** The most likely next token, logits and log-probs of a whole sequence, without a cache. */
function uncached(ids: number[]) {
  return tf.tidy(() => {
    const params = Object.fromEntries(
      Object.entries(model.initialize(3)).map(([name, data]) => [
        name,
        tf.tensor(data, model.parameterShapes[name] ?? []),
      ]),
    )
    const length = ids.length
    const input = {
      ids: tf.tensor2d([ids], [1, length], 'int32'),
      positions: tf.tensor2d([[...ids.keys()]], [1, length], 'int32'),
    }
    const hidden = model.hiddenStates(
      params,
      input,
      packedCausalAttention({ segments: tf.ones([1, length], 'int32'), positions: input.positions }),
    )
    const logits = tf.matMul(tf.reshape(hidden, [length, -1]), model.headWeight(params) as never, false, true)
    return {
      next: Number(tf.argMax(logits, 1).dataSync()[length - 1]),
      logits: logits.arraySync() as number[][],
      logps: tf.logSoftmax(logits).arraySync() as number[][],
    }
  })
}

/** Greedy decoding with penalties, token by token, in plain TypeScript. */
function penalizedLoop(prompt: number[], { repetitionPenalty, frequencyPenalty, maxTokens }: Sampling): number[] {
  const completion: number[] = []
  while (completion.length < maxTokens) {
    const ids = [...prompt, ...completion]
    const penalized = (uncached(ids).logits.at(-1) ?? []).map((logit, id) => {
      const repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
      const count = completion.filter((other) => other === id).length
      return (ids.includes(id) ? repeated : logit) - frequencyPenalty * count
    })
    completion.push(penalized.indexOf(Math.max(...penalized)))
  }
  return completion
}

describe('generation', () => {
  it('gives the tokens of decoding without a cache', async () => {
    const completions = await generate(4)
    for (const [i, prompt] of prompts.entries()) {
      const ids = [...prompt]
      for (let step = 0; step < 12; step++) ids.push(uncached(ids).next)
      expect(completions[i]?.ids).toEqual(ids.slice(prompt.length))
    }
  })

  it('reports the log-probs that a forward pass gives', async () => {
    const [completion] = await generate(4, { sampling: sampling() })
    const prompt = prompts[0] ?? []
    const { logps } = uncached([...prompt, ...(completion?.ids ?? [])])
    const expected = completion?.ids.map((id, t) => logps[prompt.length - 1 + t]?.[id] ?? Number.NaN) ?? []
    for (const [t, logp] of (completion?.logps ?? []).entries()) expect(logp).toBeCloseTo(expected[t] ?? Number.NaN, 4)
  })

  it('samples in bf16 with the log-probs of a forward pass, to rounding', async () => {
    const narrow = new TracedProgram()
    await addRole(narrow, 'policy', model, model.initialize(3), 'bf16')
    const request = { prompts, sampling: sampling(), stopIds: [], seed: 5 }
    const completions = await new Generator(narrow, model, 'policy', 4, 'bf16').generate(request)
    narrow.close()
    const errors = completions.flatMap(({ ids, logps }, i) => {
      const prompt = prompts[i] ?? []
      const expected = uncached([...prompt, ...ids]).logps
      return logps.map((logp, t) => Math.abs(logp - (expected[prompt.length - 1 + t]?.[ids[t] ?? -1] ?? Number.NaN)))
    })
    expect(errors).toHaveLength(48)
    expect(Math.max(...errors)).toBeLessThan(0.1)
    expect(Math.max(...errors)).toBeGreaterThan(1e-4)
  })

  it('gives the same text for the same seed and another for another', async () => {
    const once = await generate(4, { sampling: sampling() })
    expect(await generate(4, { sampling: sampling() })).toEqual(once)
    expect(await generate(4, { sampling: sampling(), seed: 6 })).not.toEqual(once)
  })

  it('samples a prompt alike whatever shares the batch', async () => {
    const together = await generate(4, { sampling: sampling() })
    const [alone] = await generate(4, { sampling: sampling(), prompts: prompts.slice(2, 3), firstIndex: 2 })
    expect(alone?.ids).toEqual(together[2]?.ids)
  })

  it('runs more prompts than slots in waves, in order', async () => {
    const inOne = await generate(4)
    expect((await generate(2)).map(({ ids }) => ids)).toEqual(inOne.map(({ ids }) => ids))
  })

  it('stops at a stop token and keeps it, and says when the limit cut a completion', async () => {
    const [free] = await generate(4)
    const stop = free?.ids[4] ?? Number.NaN
    const [stopped, cut] = await generate(4, { stopIds: [stop], prompts: [prompts[0] ?? [], prompts[0] ?? []] })
    expect(stopped).toMatchObject({ stopped: true, ids: free?.ids.slice(0, (free?.ids.indexOf(stop) ?? 0) + 1) })
    expect(cut).toEqual(stopped)
    expect(free).toMatchObject({ stopped: false, ids: { length: 12 } })
  })

  it('samples alike to the last bit whatever was sampled before', async () => {
    const used = new Generator(program, model, 'policy', 3, 'fp32', 64)
    const request = { prompts, sampling: sampling(), stopIds: [], seed: 5, firstIndex: 4 }
    const first = await used.generate(request)
    await used.generate({ ...request, prompts: [...prompts, [1, 2]], sampling: sampling({ maxTokens: 5 }), seed: 6 })
    expect(await used.generate(request)).toEqual(first)
  })

  it('draws only from the k most likely tokens', async () => {
    const completions = await generate(4, { sampling: sampling({ topK: 1 }) })
    expect(completions.map(({ ids }) => ids)).toEqual((await generate(4)).map(({ ids }) => ids))
  })

  it.each([{ repetitionPenalty: 1.3 }, { frequencyPenalty: 0.8 }, { repetitionPenalty: 1.2, frequencyPenalty: 0.5 }])(
    'gives the tokens of decoding without a cache with %o',
    async (penalties) => {
      const settings = sampling({ temperature: 0, ...penalties })
      const completions = await generate(3, { sampling: settings })
      expect(completions.map(({ ids }) => ids)).toEqual(prompts.map((prompt) => penalizedLoop(prompt, settings)))
      expect(completions.map(({ ids }) => ids)).not.toEqual((await generate(3)).map(({ ids }) => ids))
    },
  )

  it('forgets the tokens of the request before, with penalties', async () => {
    const request = { sampling: sampling({ repetitionPenalty: 1.3, frequencyPenalty: 0.8 }) }
    const once = await generate(4, request)
    await generate(4, { ...request, seed: 6 })
    expect(await generate(4, request)).toEqual(once)
  })

  it('reports log-probs of the model before penalties', async () => {
    const [completion] = await generate(4, { sampling: sampling({ repetitionPenalty: 1.5, frequencyPenalty: 1 }) })
    const prompt = prompts[0] ?? []
    const { ids = [], logps = [] } = completion ?? {}
    const expected = uncached([...prompt, ...ids]).logps
    expect(logps).toHaveLength(12)
    for (const [t, logp] of logps.entries())
      expect(logp).toBeCloseTo(expected[prompt.length - 1 + t]?.[ids[t] ?? -1] ?? Number.NaN, 4)
  })

  it('refuses a prompt that leaves no room to answer', async () => {
    const prompt = Array.from({ length: 60 }, () => 1)
    await expect(generate(4, { prompts: [prompt] })).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
