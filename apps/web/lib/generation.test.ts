import { describe, expect, it } from 'vitest'
import { applyPiece, type Generation, idleGeneration, isRunning, stopped } from './generation.ts'

const queued: Generation = { ...idleGeneration, phase: 'queued' }
const piece = (content: string, finish_reason: string | null = null) => ({
  choices: [{ delta: { content }, finish_reason }],
})

describe('applyPiece', () => {
  it('appends pieces and measures the rate from the first one', () => {
    const first = applyPiece(queued, piece('Once'), 1000)
    const second = applyPiece(first, piece(' upon'), 2000)
    expect(second).toMatchObject({ phase: 'streaming', text: 'Once upon', tokens: 2, tokensPerSecond: 2 })
    expect(isRunning(second)).toBe(true)
  })

  it("takes the server's figures at the end", () => {
    const streaming = applyPiece(queued, piece('Once'), 1000)
    const ended = applyPiece(streaming, piece('', 'stop'), 2000)
    const done = applyPiece(ended, { choices: [], usage: { completion_tokens: 8 } }, 3000)
    expect(done).toMatchObject({ phase: 'done', text: 'Once', tokens: 8, tokensPerSecond: 4, endedProperly: true })
    expect(isRunning(done)).toBe(false)
  })

  it('knows no rate of an answer without text', () => {
    const ended = applyPiece(queued, piece('', 'length'), 90_000)
    const done = applyPiece(ended, { choices: [], usage: { completion_tokens: 108 } }, 90_001)
    expect(done).toMatchObject({ phase: 'done', text: '', tokens: 108, tokensPerSecond: null })
  })

  it('says of an answer at its limit that it was cut', () => {
    const streaming = applyPiece(queued, piece('Once'), 0)
    expect(applyPiece(streaming, piece('', 'length'), 1).endedProperly).toBe(false)
  })
})

describe('stopped', () => {
  it('ends an answer under way where it is, and leaves one that has ended as it ended', () => {
    const streaming = applyPiece(queued, piece('Once'), 0)
    expect(stopped(streaming)).toMatchObject({ phase: 'stopped', text: 'Once' })
    const done = applyPiece(streaming, { choices: [], usage: { completion_tokens: 1 } }, 1)
    for (const ended of [done, idleGeneration, { ...done, phase: 'failed' as const }])
      expect(stopped(ended)).toEqual(ended)
  })
})
