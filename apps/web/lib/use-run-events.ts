'use client'

import { useQueryClient } from '@tanstack/react-query'
import { type RunEvent, runEventSchema } from '@temper/db/contracts'
import { useEffect, useMemo, useRef, useState } from 'react'
import { followStream } from './event-stream.ts'

/** The parts of a run's cache that an event makes stale. */
const staleBy: Record<RunEvent['kind'], ('run' | 'metrics' | 'samples' | 'evaluations')[]> = {
  run: ['run'],
  stage: ['run', 'evaluations'],
  metrics: ['metrics'],
  samples: ['samples'],
  checkpoint: ['run'],
  votes: ['run'],
  resumed: ['run'],
  log: [],
}

export interface RunEvents {
  events: RunEvent[]
  connected: boolean
  /** Why events will not come any more, where the API refused them. */
  refusal: string
}

const refreshMs = 800

/**
 * Follows a run for as long as it lives: keeps its events and reads again what they changed, at most about once a
 * second, however many arrive.
 */
export function useRunEvents(runId: string, live: boolean): RunEvents {
  const [state, setState] = useState<RunEvents>({ events: [], connected: false, refusal: '' })
  const isLive = useRef(live)
  isLive.current = live
  const refresh = useRefresh(runId)
  useEffect(() => {
    const aborter = new AbortController()
    followStream({
      url: `/v1/runs/${runId}/events`,
      signal: aborter.signal,
      onEvent: (data) => {
        const event = runEventSchema.parse(data)
        setState((before) => ({ ...before, events: addEvent(before.events, event) }))
        refresh(event)
      },
      onConnection: (connected) => setState((before) => ({ ...before, connected })),
      isOver: () => !isLive.current,
    }).catch((error: Error) => setState((before) => ({ ...before, connected: false, refusal: error.message })))
    return () => aborter.abort()
  }, [runId, refresh])
  return state
}

/** In order and each once: a connection that was made again may repeat the last ones. */
function addEvent(events: RunEvent[], event: RunEvent): RunEvent[] {
  const last = events.at(-1)
  if (last === undefined || last.sequence < event.sequence) return [...events, event]
  if (events.some(({ sequence }) => sequence === event.sequence)) return events
  return [...events, event].toSorted((a, b) => a.sequence - b.sequence)
}

function useRefresh(runId: string): (event: RunEvent) => void {
  const client = useQueryClient()
  return useMemo(() => {
    const stale = new Set<string>()
    const flush = () => {
      for (const part of stale) {
        const queryKey = part === 'run' ? ['run', runId] : ['run', runId, part]
        void client.invalidateQueries({ queryKey, exact: part === 'run' })
      }
      stale.clear()
    }
    return (event: RunEvent) => {
      if (stale.size === 0) setTimeout(flush, refreshMs)
      for (const part of staleBy[event.kind]) stale.add(part)
    }
  }, [client, runId])
}
