'use client'

import { type ChatPiece, chatPieceSchema, openaiRefusal, TemperError } from '@temper/db/contracts'
import { useCallback, useEffect, useRef, useState } from 'react'
import { connect } from './api.ts'
import { errorOfResponse } from './api-error.ts'
import { parseEvents } from './event-stream.ts'
import { applyPiece, type Generation, idleGeneration, stopped } from './generation.ts'

/** A request as OpenAI's clients send it, for one answer. */
export interface ChatQuestion {
  model: string
  messages: { role: 'user'; content: string }[]
  seed: number
  [parameter: string]: unknown
}

/** Asks one checkpoint for one answer at a time; a new one, and leaving the page, stops the one before. */
export function useGeneration() {
  const [state, setState] = useState<Generation>(idleGeneration)
  const running = useRef<AbortController | null>(null)
  const stop = useCallback(() => {
    running.current?.abort()
    running.current = null
    setState(stopped)
  }, [])
  const start = useCallback((question: ChatQuestion) => {
    running.current?.abort()
    const aborter = new AbortController()
    running.current = aborter
    setState({ ...idleGeneration, phase: 'queued', message: 'Waiting for a worker' })
    const update = (piece: ChatPiece) => setState((before) => applyPiece(before, piece, performance.now()))
    generate(question, aborter.signal, update).catch((error: Error) => {
      if (!aborter.signal.aborted) setState((before) => ({ ...before, phase: 'failed', message: error.message }))
    })
  }, [])
  useEffect(() => () => running.current?.abort(), [])
  return { state, start, stop }
}

/** Aborting the request frees what it holds on the device. */
async function generate(question: ChatQuestion, signal: AbortSignal, update: (piece: ChatPiece) => void) {
  const response = await connect('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...question, stream: true, stream_options: { include_usage: true } }),
    signal,
  })
  if (!response.ok || response.body === null) throw await errorOfResponse(response)
  for await (const { data } of parseEvents(response.body)) {
    if (data === '[DONE]') return
    const document: unknown = JSON.parse(data)
    const refusal = openaiRefusal(document)
    if (refusal) throw refusal
    if (!signal.aborted) update(chatPieceSchema.parse(document))
  }
  throw new TemperError('unavailable', 'the answer broke off')
}
