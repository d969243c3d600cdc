import { describe, expect, it } from 'vitest'
import { applyEvent, idleGeneration, isRunning } from './generation.ts'

const token = (text: string, tokens: number) => ({ type: 'token', text, tokens }) as const

describe('applyEvent', () => {
  it('says what a queued answer waits for', () => {
    const state = applyEvent(idleGeneration, { type: 'queued', message: 'a worker starts' }, 0)
    expect(state).toMatchObject({ phase: 'queued', message: 'a worker starts' })
    expect(isRunning(state)).toBe(true)
  })

  it('begins anew when it is queued again', () => {
    const streaming = applyEvent(idleGeneration, token('Once', 1), 0)
    const again = applyEvent(streaming, { type: 'queued', message: 'the worker was lost' }, 1)
    expect(again).toMatchObject({ phase: 'queued', text: '', tokens: 0 })
  })

  it('appends pieces and measures the rate from the first one', () => {
    const first = applyEvent(idleGeneration, token('Once', 1), 1000)
    const second = applyEvent(first, token(' upon', 40), 3000)
    expect(second).toMatchObject({ phase: 'streaming', text: 'Once upon', tokens: 40, tokensPerSecond: 20 })
  })

  it("takes the server's figures at the end", () => {
    const streaming = applyEvent(idleGeneration, token('Once', 1), 0)
    const done = applyEvent(streaming, { type: 'done', tokens: 7, tokensPerSecond: 55, endedProperly: true }, 9000)
    expect(done).toMatchObject({ phase: 'done', text: 'Once', tokens: 7, tokensPerSecond: 55, endedProperly: true })
    expect(isRunning(done)).toBe(false)
  })

  it('keeps the text of an answer that fails half-way', () => {
    const streaming = applyEvent(idleGeneration, token('Once', 1), 0)
    const failed = applyEvent(streaming, { type: 'failed', code: 'engine_failed', message: 'the engine ended' }, 1)
    expect(failed).toMatchObject({ phase: 'failed', text: 'Once', message: 'the engine ended' })
  })
})
