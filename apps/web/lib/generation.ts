import type { GenerationEvent } from '@temper/db/contracts'

/** One answer as it grows. */
export interface Generation {
  phase: 'idle' | 'queued' | 'streaming' | 'done' | 'stopped' | 'failed'
  text: string
  tokens: number
  tokensPerSecond: number | null
  endedProperly: boolean
  /** What it waits for, or why it failed. */
  message: string
  firstTokenAt: number
}

export const idleGeneration: Generation = {
  phase: 'idle',
  text: '',
  tokens: 0,
  tokensPerSecond: null,
  endedProperly: false,
  message: '',
  firstTokenAt: 0,
}

/**
 * What an event of the stream makes of it; `text` of a token event is the piece that is new. A second `queued` means
 * that the worker was lost and another begins anew: it drops what the first wrote.
 */
export function applyEvent(state: Generation, event: GenerationEvent, now: number): Generation {
  switch (event.type) {
    case 'queued':
      return { ...idleGeneration, phase: 'queued', message: event.message }
    case 'token': {
      const firstTokenAt = state.phase === 'streaming' ? state.firstTokenAt : now
      const seconds = (now - firstTokenAt) / 1000
      const tokensPerSecond = seconds > 0.2 ? event.tokens / seconds : state.tokensPerSecond
      const text = state.text + event.text
      return { ...state, phase: 'streaming', text, tokens: event.tokens, tokensPerSecond, firstTokenAt, message: '' }
    }
    case 'done': {
      const { tokens, tokensPerSecond, endedProperly } = event
      return { ...state, phase: 'done', tokens, tokensPerSecond, endedProperly, message: '' }
    }
    case 'failed':
      return { ...state, phase: 'failed', message: event.message }
  }
}

export function isRunning({ phase }: Generation): boolean {
  return phase === 'queued' || phase === 'streaming'
}
