import type { ChatPiece } from '@temper/db/contracts'

/** One answer as it grows. */
export interface Generation {
  phase: 'idle' | 'queued' | 'streaming' | 'done' | 'stopped' | 'failed'
  text: string
  /** Pieces while it streams, about a token each; exact once it is done. */
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

/** What a piece of the stream makes of it: more text, then how it ended, then the number of tokens. */
export function applyPiece(state: Generation, { choices: [choice], usage }: ChatPiece, now: number): Generation {
  if (usage) return { ...state, ...rateOf(state, usage.completion_tokens, now), phase: 'done', message: '' }
  const text = state.text + (choice?.delta.content ?? '')
  if (choice?.finish_reason) return { ...state, text, endedProperly: choice.finish_reason === 'stop' }
  const firstTokenAt = state.phase === 'streaming' ? state.firstTokenAt : now
  const streaming = { ...state, phase: 'streaming' as const, text, firstTokenAt, message: '' }
  return { ...streaming, ...rateOf(streaming, state.tokens + 1, now) }
}

/** None where no text has come: nobody saw the first token. */
function rateOf({ phase, firstTokenAt, tokensPerSecond }: Generation, tokens: number, now: number) {
  if (phase !== 'streaming') return { tokens, tokensPerSecond: null }
  const seconds = (now - firstTokenAt) / 1000
  return { tokens, tokensPerSecond: seconds > 0.2 ? tokens / seconds : tokensPerSecond }
}

/** One that has ended already stays as it ended. */
export function stopped(state: Generation): Generation {
  return isRunning(state) ? { ...state, phase: 'stopped', message: '' } : state
}

export function isRunning({ phase }: Generation): boolean {
  return phase === 'queued' || phase === 'streaming'
}
