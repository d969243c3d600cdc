import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decoding, forward, prompt, sampling, WatchedProgram } from './decoder.fixture.ts'
import type { Decoder } from './decoder.ts'
import type { Decoding } from './sequence.ts'

/** Requests that differ in everything that a step mixes. */
const mixed: Decoding[] = [
  decoding({ index: 0 }),
  decoding({ index: 1, prompt: prompt(41, 1), sampling: sampling({ temperature: 0.7, topK: 5, maxTokens: 17 }) }),
  decoding({ index: 2, prompt: prompt(1, 2), sampling: sampling({ temperature: 0, maxTokens: 6 }) }),
  decoding({ index: 3, prompt: prompt(300, 3), sampling: sampling({ topP: 0.8, maxTokens: 13 }) }),
  decoding({ index: 4, prompt: prompt(17, 4), sampling: sampling({ repetitionPenalty: 1.4, frequencyPenalty: 0.5 }) }),
  decoding({ index: 5, prompt: prompt(64, 5), sampling: sampling({ minP: 0.1, temperature: 1.3 }), topLogprobs: 3 }),
]

let program: WatchedProgram
let plain: WatchedProgram
beforeAll(async () => {
  program = await WatchedProgram.start()
  plain = await WatchedProgram.start(false)
})
afterAll(() => {
  program.close()
  plain.close()
})

const alone = (request: Decoding) => program.decoder(4).decode(request)

describe('a decoder', () => {
  it('gives the ids of a sequence alone, whatever is decoded beside it', async () => {
    const each = []
    for (const request of mixed) each.push((await alone(request)).ids)
    const decoder = program.decoder(4)
    const together = await Promise.all(mixed.map((request) => decoder.decode(request)))
    expect(together.map(({ ids }) => ids)).toEqual(each)
  })

  it('gives the same ids of plain operations', async () => {
    const of = async (decoder: Decoder) => Promise.all(mixed.map((request) => decoder.decode(request)))
    const own = await of(program.decoder(4))
    expect(own.map(({ ids }) => ids)).toEqual((await of(plain.decoder(4))).map(({ ids }) => ids))
  })

  it('gives the same ids to one that joins while others write', async () => {
    const late = mixed[3] ?? decoding()
    const expected = await alone(late)
    const decoder = program.decoder(4)
    let joined: ReturnType<Decoder['decode']> | undefined
    const join = () => {
      joined ??= decoder.decode(late)
      return true
    }
    const first = decoder.decode(
      decoding({ prompt: prompt(9, 8), sampling: sampling({ maxTokens: 60 }), onToken: join }),
    )
    await first
    expect((await joined)?.ids).toEqual(expected.ids)
  })

  it('gives a long prompt the log-probs of a plain forward pass', async () => {
    const request = decoding({ prompt: prompt(700, 6) })
    const { ids, logps } = await alone(request)
    const expected = forward(request, ids)
    expect(program.reads).toBeGreaterThan(2)
    expect(logps).toHaveLength(10)
    for (const [t, id] of ids.entries()) expect(Math.abs((logps[t] ?? 0) - (expected[t]?.[id] ?? 0))).toBeLessThan(1e-4)
  })

  it('reads a prefix that prompts share once, and gives what each gives alone', async () => {
    const requests = [1, 2, 3].map((salt) =>
      decoding({ index: salt, prompt: [...prompt(500, 7), salt, salt + 1, salt + 2] }),
    )
    const each = []
    for (const request of requests) each.push((await alone(request)).ids)
    const decoder = program.decoder(4)
    const together = await Promise.all(requests.map((request) => decoder.decode(request)))
    expect(together.map(({ ids }) => ids)).toEqual(each)
    expect(program.calls.filter((name) => name.endsWith('/copy'))).toHaveLength(2)
    // Two parts of 256 for the prefix; the others' own ends take one short part.
    expect(program.calls.filter((name) => name.includes('x256/'))).toHaveLength(2)
  })

  it('samples equal prompts each with noise of its own', async () => {
    const decoder = program.decoder(4)
    const requests = [0, 1, 2, 3].map((index) => decoding({ index, prompt: prompt(40, 9) }))
    const together = (await Promise.all(requests.map((request) => decoder.decode(request)))).map(({ ids }) =>
      ids.join(),
    )
    expect(new Set(together).size).toBe(4)
    for (const [i, request] of requests.entries()) expect((await alone(request)).ids.join()).toBe(together[i])
  })

  it('gives a slot to the next one as soon as its sequence has ended', async () => {
    const decoder = program.decoder(2)
    const lengths = [40, 10, 10, 10]
    const requests = lengths.map((maxTokens, index) =>
      decoding({ index, prompt: prompt(3, index), sampling: sampling({ maxTokens }) }),
    )
    const generated = await Promise.all(requests.map((request) => decoder.decode(request)))
    expect(generated.map(({ ids }) => ids.length)).toEqual(lengths)
    // In waves it would be 39 and 9 steps.
    expect(program.writes).toBe(39)
  })

  it('ends all of more requests than slots', async () => {
    const decoder = program.decoder(2)
    const requests = Array.from({ length: 9 }, (_, index) => decoding({ index, prompt: prompt(1 + index, index) }))
    const generated = await Promise.all(requests.map((request) => decoder.decode(request)))
    for (const [i, request] of requests.entries()) expect((await alone(request)).ids).toEqual(generated[i]?.ids)
  })
})
