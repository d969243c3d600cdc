'use client'

import {
  type CreateGeneration,
  type GenerationEvent,
  generationCreatedSchema,
  generationEventSchema,
} from '@temper/db/contracts'
import { useCallback, useEffect, useRef, useState } from 'react'
import { send } from './api.ts'
import { followStream } from './event-stream.ts'
import { applyEvent, type Generation, idleGeneration } from './generation.ts'

/** Asks one checkpoint for one answer at a time; a new one, and leaving the page, stops the one before. */
export function useGeneration() {
  const [state, setState] = useState<Generation>(idleGeneration)
  const running = useRef<AbortController | null>(null)
  const stop = useCallback(() => {
    running.current?.abort()
    running.current = null
    setState((before) => ({ ...before, phase: before.phase === 'idle' ? 'idle' : 'stopped', message: '' }))
  }, [])
  const start = useCallback((request: CreateGeneration) => {
    running.current?.abort()
    const aborter = new AbortController()
    running.current = aborter
    setState({ ...idleGeneration, phase: 'queued', message: 'Asking…' })
    const update = (event: GenerationEvent) => setState((before) => applyEvent(before, event, performance.now()))
    generate(request, aborter.signal, update).catch((error: Error) => {
      if (!aborter.signal.aborted) setState((before) => ({ ...before, phase: 'failed', message: error.message }))
    })
  }, [])
  useEffect(() => () => running.current?.abort(), [])
  return { state, start, stop }
}

async function generate(request: CreateGeneration, signal: AbortSignal, update: (event: GenerationEvent) => void) {
  const created = await send('POST', '/v1/generations', request)
  const { id } = generationCreatedSchema.parse(await created.json())
  const cancel = () => void send('DELETE', `/v1/generations/${id}`).catch(console.warn)
  if (signal.aborted) return cancel()
  signal.addEventListener('abort', cancel)
  let over = false
  await followStream({
    url: `/v1/generations/${id}/events`,
    signal,
    onEvent: (data) => {
      const event = generationEventSchema.parse(data)
      over = event.type === 'done' || event.type === 'failed'
      if (!signal.aborted) update(event)
    },
    isOver: () => over,
  })
  signal.removeEventListener('abort', cancel)
}
