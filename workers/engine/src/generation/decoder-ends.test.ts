import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decoding, forward, model, prompt, sampling, WatchedProgram } from './decoder.fixture.ts'
import { Decoder } from './decoder.ts'
import type { DecodedToken, Decoding } from './sequence.ts'

let program: WatchedProgram
beforeAll(async () => {
  program = await WatchedProgram.start()
})
afterAll(() => program.close())

const alone = (request: Decoding) => program.decoder(4).decode(request)

describe('a decoding', () => {
  it('that is aborted while it runs keeps its tokens, frees its slot and leaves the others alone', async () => {
    const other = decoding({ index: 1, prompt: prompt(20, 1), sampling: sampling({ maxTokens: 30 }) })
    const next = decoding({ index: 2, prompt: prompt(4, 2) })
    const [expected, expectedNext] = [await alone(other), await alone(next)]
    const stop = new AbortController()
    const decoder = program.decoder(2)
    let tokens = 0
    const onToken = () => {
      tokens += 1
      if (tokens === 4) stop.abort()
      return true
    }
    const long = decoding({ sampling: sampling({ maxTokens: 500 }), signal: stop.signal, onToken })
    const [cut, whole, last] = await Promise.all([long, other, next].map((request) => decoder.decode(request)))
    expect(cut?.ids).toHaveLength(4)
    expect(cut?.stopped).toBe(false)
    expect(whole?.ids).toEqual(expected.ids)
    expect(last?.ids).toEqual(expectedNext.ids)
    expect(program.writes).toBe(29)
  })

  it('that is aborted while it waits ends without a token', async () => {
    const stop = new AbortController()
    const decoder = program.decoder(1)
    const abort = () => {
      stop.abort()
      return true
    }
    const running = decoder.decode(decoding({ onToken: abort }))
    const waiting = decoder.decode(decoding({ index: 1, signal: stop.signal }))
    const behind = decoder.decode(decoding({ index: 2 }))
    expect((await running).ids).toHaveLength(10)
    expect(await waiting).toEqual({ ids: [], logps: [], stopped: false })
    expect((await behind).ids).toHaveLength(10)
  })

  it('ends where onToken says false, with that token', async () => {
    const whole = await alone(decoding())
    const seen: number[] = []
    const onToken = ({ id }: { id: number }) => seen.push(id) < 3
    const cut = await alone(decoding({ onToken }))
    expect(cut).toEqual({ ids: whole.ids.slice(0, 3), logps: whole.logps.slice(0, 3), stopped: false })
    expect(seen).toEqual(cut.ids)
  })

  it('reports the chosen and the most likely tokens of a plain forward pass at temperature 1', async () => {
    const tops: { id: number; logp: number }[][] = []
    const request = decoding({
      sampling: sampling({ temperature: 0.6, topK: 3 }),
      topLogprobs: 5,
      onToken: ({ top = [] }) => tops.push(top) > 0,
    })
    const { ids, logps } = await alone(request)
    const rows = forward(request, ids)
    for (const [t, row] of rows.entries()) expect(logps[t]).toBeCloseTo(row[ids[t] ?? -1] ?? Number.NaN, 4)
    const expected = rows.map((row) => [...row.entries()].sort(([, a], [, b]) => b - a).slice(0, 5))
    expect(tops.map((top) => top.map(({ id }) => id))).toEqual(expected.map((top) => top.map(([id]) => id)))
    for (const [t, top] of tops.entries())
      for (const [i, { logp }] of top.entries()) expect(logp).toBeCloseTo(expected[t]?.[i]?.[1] ?? Number.NaN, 4)
  })

  it('of more tokens than there are reports each of them', async () => {
    const widths: number[] = []
    const onToken = ({ top = [] }: DecodedToken) => widths.push(top.length) > 0
    await alone(decoding({ sampling: sampling({ maxTokens: 2 }), topLogprobs: 30, onToken }))
    expect(widths).toEqual([20, 20])
  })

  it('that is longer than the cache makes it grow, also while others write', async () => {
    const fresh = await WatchedProgram.start()
    const decoder = fresh.decoder(2)
    const long = decoding({ index: 1, prompt: prompt(400, 2), sampling: sampling({ maxTokens: 20 }) })
    let later: ReturnType<Decoder['decode']> | undefined
    const ask = () => {
      later ??= decoder.decode(long)
      return true
    }
    const short = await decoder.decode(decoding({ onToken: ask }))
    const grown = await later
    const caches = new Set(fresh.calls.map((name) => name.split('/')[2]))
    fresh.close()
    expect(caches.size).toBe(2)
    expect(short.ids).toEqual((await alone(decoding())).ids)
    expect(grown?.ids).toEqual((await alone(long)).ids)
  })

  it.each([
    ['no token', decoding({ prompt: [] })],
    ['no room for its answer', decoding({ prompt: prompt(1020) })],
  ])('whose prompt has %s is refused', async (_, request) => {
    await expect(program.decoder(4).decode(request)).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

describe('a decoder', () => {
  it('refuses a sequence whose cache would take more memory than it gives to one', async () => {
    const policy = { program, model: { ...model, contextLength: 2 ** 40 }, role: 'policy', precision: 'fp32' } as const
    const endless = decoding({ sampling: { ...sampling(), maxTokens: 2 ** 33 } })
    await expect(new Decoder(policy, 2).decode(endless)).rejects.toThrow(
      /take a cache of \d+ bytes, at most 8589934592/,
    )
  })

  it('rejects all under way where a step fails, and works afterwards', async () => {
    const expected = await alone(decoding())
    const decoder = program.decoder(1)
    const breakDown = () => {
      program.failing = true
      return true
    }
    const requests = [decoding({ onToken: breakDown }), decoding({ index: 1 }), decoding({ index: 2 })]
    const outcomes = await Promise.allSettled(requests.map((request) => decoder.decode(request)))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    program.failing = false
    expect(await decoder.decode(decoding())).toEqual(expected)
  })

  it('works while another of the same program gets a longer cache', async () => {
    const shared = await WatchedProgram.start()
    const [first, second] = [shared.decoder(2), shared.decoder(3)]
    await first.decode(decoding())
    const once = await second.decode(decoding())
    await first.decode(decoding({ prompt: prompt(200) }))
    expect((await second.decode(decoding())).ids).toEqual(once.ids)
    shared.close()
  })

  it('reads a prompt anew after it was told that the weights have changed', async () => {
    const trained = await WatchedProgram.start()
    const decoder = trained.decoder(2)
    const request = decoding({ prompt: prompt(100, 3) })
    await decoder.decode(request)
    const weights = Object.entries(model.initialize(8)).map(([name, data]) => [`policy/${name}`, data])
    await trained.write(Object.fromEntries(weights))
    decoder.forget()
    const { ids, logps } = await decoder.decode(request)
    trained.close()
    const expected = forward(request, ids, 8)
    for (const [t, id] of ids.entries()) expect(logps[t]).toBeCloseTo(expected[t]?.[id] ?? Number.NaN, 4)
  })

  it('reads only the last token of a prompt that it has read before', async () => {
    const decoder = program.decoder(2)
    const request = decoding({ prompt: prompt(200, 4) })
    const once = await decoder.decode(request)
    program.calls = []
    const again = await decoder.decode(request)
    expect(again.ids).toEqual(once.ids)
    // Products of more than 64 rows are TensorFlow's own, which round otherwise.
    for (const [t, logp] of again.logps.entries()) expect(logp).toBeCloseTo(once.logps[t] ?? Number.NaN, 5)
    expect(program.calls.filter((name) => name.includes('x16/'))).toHaveLength(1)
    expect(program.reads).toBe(1)
  })
})
