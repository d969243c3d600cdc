import { EventEmitter } from 'node:events'
import {
  type CompletionEvent,
  type CompletionRequest,
  completionRequestSchema,
  type EngineEvent,
  type ServingPrecision,
} from '@temper/db/contracts'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { lastCheckpoint, makeToy, runToyJob, type Toy } from '../trainers/toy.fixture.ts'
import { createJobRunner } from './run-job.ts'
import type { Commands } from './serve-models.ts'

let toy: Toy
let policy: string
let reward: string
beforeAll(async () => {
  toy = await makeToy()
  policy = lastCheckpoint(await runToyJob(toy.pretrain({ steps: 4 })))
  reward = lastCheckpoint(await runToyJob(toy.reward(policy, { epochs: 1 })))
})
afterAll(() => toy.remove())

/** A serve job of this process; `until` waits for an event. */
function serve(precision: ServingPrecision = 'fp32') {
  const commands: Commands = new EventEmitter()
  const events: EngineEvent[] = []
  const arrived = new EventEmitter()
  const emit = (event: EngineEvent) => {
    events.push(event)
    arrived.emit('event')
  }
  const context = { emit, stopRequested: () => false, nowMs: () => performance.now() }
  const ended = createJobRunner(context, commands)({ type: 'serve', models: 2, precision })
  const until = async (holds: (event: EngineEvent) => boolean) => {
    while (!events.some(holds)) await new Promise((resolve) => arrived.once('event', resolve))
  }
  const stop = async () => {
    commands.emit('command', { type: 'stop' })
    await ended
  }
  onTestFinished(stop)
  const ask = (model: string, request: Partial<CompletionRequest>) =>
    commands.emit('command', { type: 'request', model, request: requestOf(request) })
  return { events, ask, until, stop, cancel: (id: string) => commands.emit('command', { type: 'cancel', id }) }
}

type Serving = ReturnType<typeof serve>

const requestOf = (part: Partial<CompletionRequest>) =>
  completionRequestSchema.parse({
    id: 'r',
    prompt: { type: 'messages', messages: [{ role: 'user', content: 'say ha' }] },
    sampling: { temperature: 1, maxTokens: 12 },
    seed: 3,
    ...part,
  })

const completionsOf = ({ events }: Serving, id: string): CompletionEvent[] =>
  events.flatMap((event) => (event.type === 'completion' && event.event.id === id ? [event.event] : []))

/** Events of a request, once it has ended. */
async function answerOf(serving: Serving, model: string, part: Partial<CompletionRequest> = {}) {
  const { id } = requestOf(part)
  serving.ask(model, part)
  await serving.until(
    ({ type, ...rest }) =>
      type === 'completion' && 'event' in rest && rest.event.id === id && /completed|refused/.test(rest.event.type),
  )
  return completionsOf(serving, id)
}

describe('a serve job', () => {
  it('loads a model that is asked for, says so, and answers', async () => {
    const serving = serve()
    const events = await answerOf(serving, policy)
    expect(serving.events[0]).toMatchObject({ type: 'serving', model: policy, contextLength: 64 })
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['started', 'delta', 'finished', 'completed']),
    )
    const again = await answerOf(serving, policy, { id: 's' })
    expect(again.map((event) => ({ ...event, id: 'r' }))).toEqual(events)
    expect(serving.events.filter(({ type }) => type === 'serving')).toHaveLength(1)
    await serving.stop()
    expect(serving.events.at(-1)).toEqual({ type: 'done', outcome: 'stopped', step: 0, totalSteps: 0, result: {} })
  })

  it.each(['bf16', 'int8'] as const)(
    'answers in %s where it is told to, near the log-probs of fp32, and says so',
    async (other) => {
      const logprobsIn = async (precision: ServingPrecision) => {
        const serving = serve(precision)
        const greedy = { sampling: { ...requestOf({}).sampling, temperature: 0, maxTokens: 4 }, topLogprobs: 1 }
        const events = await answerOf(serving, policy, greedy)
        expect(events[0]).toMatchObject({ type: 'started', precision })
        return events.flatMap((event) => (event.type === 'delta' ? (event.logprobs ?? []) : []))
      }
      const [wide, narrow] = [await logprobsIn('fp32'), await logprobsIn(other)]
      const differences = wide.map(({ logprob }, i) => Math.abs(logprob - (narrow[i]?.logprob ?? Number.NaN)))
      expect(Math.max(...differences)).toBeLessThan(0.05)
      expect(Math.max(...differences)).toBeGreaterThan(1e-4)
    },
  )

  it('answers by beam search beside samples, the likeliest completion first', async () => {
    const serving = serve()
    const beams = { numBeams: 4, lengthPenalty: 0 }
    const [found, , alone] = await Promise.all([
      answerOf(serving, policy, { id: 'beams', n: 3, beams }),
      answerOf(serving, policy, { id: 'samples', n: 3 }),
      answerOf(serving, policy, { id: 'one beam', beams: { ...beams, numBeams: 1 } }),
    ])
    expect(new Set([0, 1, 2].map((index) => textOf(found, index))).size).toBe(3)
    const greedy = { id: 'greedy', sampling: { ...requestOf({}).sampling, temperature: 0 } }
    expect(textOf(alone, 0)).toBe(textOf(await answerOf(serving, policy, greedy), 0))
  })

  it('frees the device for others where nobody waits for a beam search', async () => {
    const serving = serve()
    await answerOf(serving, policy)
    serving.ask(policy, { id: 'beams', beams: { numBeams: 4, lengthPenalty: 1 } })
    serving.cancel('beams')
    const after = await answerOf(serving, policy, { id: 'after', beams: { numBeams: 4, lengthPenalty: 1 } })
    expect(after.at(-1)?.type).toBe('completed')
    expect(completionsOf(serving, 'beams')).toMatchObject([{ type: 'refused', code: 'cancelled' }])
  })

  it('answers requests that come together as it answers each alone', async () => {
    const serving = serve()
    const seeds = [1, 2, 3]
    const alone: CompletionEvent[][] = []
    for (const seed of seeds) alone.push(await answerOf(serving, policy, { id: `a${seed}`, seed, n: 2 }))
    const together = await Promise.all(seeds.map((seed) => answerOf(serving, policy, { id: `b${seed}`, seed, n: 2 })))
    const texts = (answers: CompletionEvent[][]) =>
      answers.map((events) => [0, 1].map((index) => textOf(events, index)))
    expect(texts(together)).toEqual(texts(alone))
  })

  it('refuses what it cannot answer, with the reason, and goes on', async () => {
    const serving = serve()
    const prompt = { type: 'text' as const, text: 'say ha '.repeat(30) }
    expect(await answerOf(serving, policy, { id: 'long', prompt })).toMatchObject([
      { type: 'refused', code: 'invalid_input', details: { contextLength: 64 } },
    ])
    expect(await answerOf(serving, reward, { id: 'reward' })).toMatchObject([{ type: 'refused', code: 'unsupported' }])
    expect(await answerOf(serving, `${policy}-gone`, { id: 'gone' })).toMatchObject([
      { type: 'refused', code: 'not_found' },
    ])
    expect((await answerOf(serving, policy)).at(-1)).toEqual({ type: 'completed', id: 'r' })
  })

  it('ends a cancelled request with one refusal', async () => {
    const serving = serve()
    serving.ask(policy, { id: 'long', n: 4, sampling: requestOf({}).sampling })
    await serving.until(({ type }) => type === 'completion')
    serving.cancel('long')
    serving.cancel('never was')
    expect((await answerOf(serving, policy)).at(-1)?.type).toBe('completed')
    const ends = completionsOf(serving, 'long').filter(({ type }) => type === 'completed' || type === 'refused')
    expect(ends).toMatchObject([{ type: 'refused', code: 'cancelled' }])
  })

  it('refuses an id that is under way', async () => {
    const serving = serve()
    serving.ask(policy, { id: 'twice' })
    expect(await answerOf(serving, policy, { id: 'twice' })).toMatchObject([{ type: 'refused', code: 'conflict' }])
  })

  it('refuses the requests under way when it is stopped, then ends', async () => {
    const serving = serve()
    for (const id of ['a', 'b']) serving.ask(policy, { id, n: 3 })
    await serving.stop()
    for (const id of ['a', 'b'])
      expect(completionsOf(serving, id).at(-1)).toMatchObject({ type: 'refused', code: 'cancelled' })
    expect(serving.events.at(-1)).toMatchObject({ type: 'done', outcome: 'stopped' })
  })
})

function textOf(events: readonly CompletionEvent[], index: number): string {
  return events.map((event) => (event.type === 'delta' && event.index === index ? event.text : '')).join('')
}
