import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createKey, ensureOwner, findServer, getStage } from '@temper/db/queries'
import OpenAI, { APIError } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestSystem, type TestSystem, waitFor } from '../chaos/test-system.ts'
import { tinyModel } from '../fixtures/tiny-model.ts'

const recipe = `name: tiny
${tinyModel.replace('contextLength: 128', 'contextLength: 16384')}stages:
  pretrain: { type: pretrain, data: stories, steps: 5, batchSize: 4, rowLength: 64, learningRate: 0.005 }
  publish: { type: release, from: pretrain, name: tiny }
`
let system: TestSystem
let api: ReturnType<typeof spawn>
let openai: OpenAI
let checkpoint: string
beforeAll(async () => {
  system = await startTestSystem({ environment: { TEMPER_SERVE_IDLE_SECONDS: '5' } })
  const runId = await system.startRun(recipe)
  await system.waitForEnd(runId)
  checkpoint = (await getStage(system.db, runId, 'pretrain')).checkpointId ?? ''
  const owner = await ensureOwner(system.db)
  const { secret } = await createKey(system.db, { memberId: owner.id, name: 'test', scopes: ['read', 'write'] })
  api = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../../apps/api/src/main.ts', import.meta.url))],
    {
      env: {
        ...process.env,
        DATABASE_URL: system.services.databaseUrl,
        TEMPORAL_ADDRESS: system.services.temporalAddress,
        TEMPER_STORE: `${system.home}/store`,
        TEMPER_API_PORT: '0',
        TEMPER_PARENT_PID: String(process.pid),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  openai = new OpenAI({ baseURL: `${await addressOf(api)}/v1`, apiKey: secret, maxRetries: 0 })
})
afterAll(async () => {
  api.kill()
  await once(api, 'exit')
  await system.stop()
})

/** The API logs where it answers. */
async function addressOf({ stdout }: ReturnType<typeof spawn>): Promise<string> {
  if (stdout === null) throw new Error('the API has no output')
  for await (const line of createInterface({ input: stdout })) {
    const { url } = JSON.parse(line)
    if (url !== undefined) {
      stdout.resume()
      return url
    }
  }
  throw new Error('the API ended before it answered')
}

const prompt = 'Once upon a time there was a fox'
const ask = { prompt, max_tokens: 12, temperature: 0 }
/** Takes every slot of the server and writes for a minute: what stands in the text becomes ever likelier. */
const endless = { ...ask, max_tokens: 16_000, n: 16, frequency_penalty: -2, stream: true } as const
const textOf = async (body: Partial<OpenAI.CompletionCreateParamsNonStreaming> = {}) => {
  const { choices } = await openai.completions.create({ model: checkpoint, ...ask, ...body })
  return choices.map((choice) => choice.text)
}

describe('the OpenAI client', () => {
  it('lists policies by name and by id', async () => {
    const ids = (await openai.models.list()).data.map(({ id }) => id)
    expect(ids).toEqual(['tiny', checkpoint])
    expect((await openai.models.retrieve('tiny')).id).toBe('tiny')
  })

  it('chats, with usage, and gets the same text by stream', async () => {
    const chat = { model: 'tiny', max_tokens: 10, seed: 5, messages: [{ role: 'user' as const, content: 'A story.' }] }
    const whole = await openai.chat.completions.create(chat)
    expect(whole.choices[0]?.message.role).toBe('assistant')
    expect(whole.system_fingerprint).toBe('temper-fp32')
    expect(whole.usage?.total_tokens).toBe((whole.usage?.prompt_tokens ?? 0) + (whole.usage?.completion_tokens ?? 0))
    const stream = await openai.chat.completions.create({
      ...chat,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: unknown
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
      expect(chunk.system_fingerprint).toBe('temper-fp32')
    }
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(usage).toEqual(whole.usage)
  })

  it('gets n completions of a seed, the same ones again', async () => {
    const several = { n: 3, temperature: 1, seed: 3 }
    const texts = await textOf(several)
    expect(new Set(texts).size).toBeGreaterThan(1)
    expect(await textOf(several)).toEqual(texts)
  })

  it('gets the text before a stop string', async () => {
    const [text = ''] = await textOf()
    const stop = text.slice(2, 4)
    expect(await textOf({ stop })).toEqual([text.slice(0, text.indexOf(stop))])
  })

  it('gets log-probs, the likeliest first', async () => {
    const chat = { model: 'tiny', max_tokens: 4, temperature: 0, logprobs: true, top_logprobs: 2 }
    const { choices } = await openai.chat.completions.create({
      ...chat,
      messages: [{ role: 'user', content: 'Hello' }],
    })
    for (const token of choices[0]?.logprobs?.content ?? []) {
      expect(token.top_logprobs).toHaveLength(2)
      expect(token.top_logprobs[0]?.logprob).toBeCloseTo(token.logprob, 5)
    }
    expect(choices[0]?.logprobs?.content?.length).toBeGreaterThan(0)
  })

  it('is refused by name what is not supported', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'f' } }]
    const messages = [{ role: 'user' as const, content: 'x' }]
    await expect(openai.chat.completions.create({ model: 'tiny', messages, tools })).rejects.toMatchObject({
      status: 400,
      param: 'tools',
      code: 'unsupported_parameter',
    })
    await expect(openai.chat.completions.create({ model: 'none', messages })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    const long = openai.completions.create({ model: 'tiny', prompt: 'fox '.repeat(20_000) })
    await expect(long).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
      param: 'prompt',
    })
  })

  it('is told what is not there', async () => {
    const embedding = openai.embeddings.create({ model: 'tiny', input: 'x' })
    await expect(embedding).rejects.toMatchObject({ status: 404, code: 'not_found' })
    await expect(embedding).rejects.toThrow('there is no POST /v1/embeddings')
  })

  it('goes on with an answer as it came, and with settings that change nothing', async () => {
    const noOps = { tools: [], store: false, metadata: null, modalities: ['text' as const] }
    const ask = { model: 'tiny', max_tokens: 4, seed: -5, messages: [{ role: 'user' as const, content: 'A story.' }] }
    const { choices } = await openai.chat.completions.create({ ...ask, ...noOps })
    const messages = [...ask.messages, ...choices.map(({ message }) => message), ...ask.messages]
    expect((await openai.chat.completions.create({ ...ask, messages })).choices).toHaveLength(1)
  })

  it('gets the best completions by beam search, which one beam makes greedy', async () => {
    const search = { use_beam_search: true, temperature: 0 }
    expect(await textOf(search)).toEqual(await textOf())
    const texts = await textOf({ ...search, n: 3, best_of: 4, length_penalty: 0.5 } as object)
    expect(new Set(texts).size).toBe(3)
    expect(await textOf({ ...search, n: 1, best_of: 4, length_penalty: 0.5 } as object)).toEqual([texts[0]])
    const messages = [{ role: 'user' as const, content: 'A story.' }]
    const beams = { use_beam_search: true, n: 2 }
    const chat = await openai.chat.completions.create({ model: 'tiny', max_tokens: 8, messages, ...beams })
    expect(chat.choices).toHaveLength(2)
  })

  it.each([
    ['stream', { stream: true }],
    ['temperature', { temperature: 0.7 }],
    ['top_k', { top_k: 5 }],
    ['frequency_penalty', { frequency_penalty: 1 }],
    ['stop', { stop: ['fox'] }],
    ['logprobs', { logprobs: 0 }],
    ['best_of', { n: 3, best_of: 2 }],
    ['best_of', { use_beam_search: false, best_of: 2 }],
    ['length_penalty', { use_beam_search: false, length_penalty: 2 }],
  ])('is refused %s that contradicts a beam search, or its absence: %o', async (param, body) => {
    const beams = { model: 'tiny', prompt, max_tokens: 4, use_beam_search: true, ...body }
    await expect(openai.completions.create(beams)).rejects.toMatchObject({ status: 400, param })
  })

  it('is answered two at once, each as if it were alone', async () => {
    const [alone] = await textOf()
    expect(await Promise.all([textOf(), textOf()])).toEqual([[alone], [alone]])
  })

  it('frees its places when it goes away', { timeout: 40_000 }, async () => {
    const leave = new AbortController()
    await begun(leave.signal)
    const waiting = textOf()
    leave.abort()
    expect(await waiting).toHaveLength(1)
  })

  it('is not waited for when nobody asks', async () => {
    await textOf()
    expect(await findServer(system.db)).toBeDefined()
    await waitFor('the end of the server', async () => ((await findServer(system.db)) === undefined ? true : undefined))
  })

  it('is told at once when the engine dies, or is answered all the same where no answer had begun', async () => {
    const { rest } = await begun()
    const waiting = textOf()
    process.kill(system.enginePid(), 'SIGKILL')
    await expect(rest()).rejects.toBeInstanceOf(APIError)
    expect(await waiting).toHaveLength(1)
  })

  it('is told at once when the worker dies', { timeout: 40_000 }, async () => {
    const { rest } = await begun()
    process.kill(await system.engineWorkerPid(), 'SIGKILL')
    await expect(rest()).rejects.toBeInstanceOf(APIError)
  })
})

/** A stream without end that has begun; `rest` reads on. */
async function begun(signal?: AbortSignal) {
  const stream = await openai.completions.create({ model: checkpoint, ...endless }, signal && { signal })
  const pieces = stream[Symbol.asyncIterator]()
  await pieces.next()
  const rest = async () => {
    while (!(await pieces.next()).done);
  }
  return { rest }
}
