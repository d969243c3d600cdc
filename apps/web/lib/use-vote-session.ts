'use client'

import { useQuery } from '@tanstack/react-query'
import { newId, nextComparisonsSchema, type VoteChoice } from '@temper/db/contracts'
import { type Dispatch, useCallback, useEffect, useReducer, useState } from 'react'
import type { z } from 'zod'
import { read } from './api.ts'
import { isTemporary } from './api-error.ts'
import { deliver, restoreOutbox, storeOutbox } from './vote-outbox.ts'
import { knownPairs, newVoteSession, type VoteAction, type VoteSession, voteReducer } from './vote-session.ts'

export type FirstPairs = z.infer<typeof nextComparisonsSchema>

/** Pairs that are ready beside the one on the screen. */
const prefetched = 3
const retryMs = 2000
const lookAgainMs = 3000

/** The session with its deeds: the reducer decides, effects deliver votes and fetch pairs. */
export function useVoteSession(first: FirstPairs, run: string | undefined) {
  const [session, dispatch] = useReducer(voteReducer, null, () =>
    newVoteSession(first.comparisons, first.progress, Date.now()),
  )
  useDelivery(session, dispatch)
  const problem = useFetching(session, dispatch, run)
  const vote = useCallback((choice: VoteChoice, strength: number) => {
    dispatch({ type: 'vote', voteId: newId('vote'), choice, strength, now: Date.now() })
  }, [])
  return { session, dispatch, vote, problem }
}

/** Sends the first command of the outbox until it arrives, then the next: one at a time, so that order is kept. */
function useDelivery(session: VoteSession, dispatch: Dispatch<VoteAction>): void {
  const [restored, setRestored] = useState(false)
  useEffect(() => {
    const outbox = restoreOutbox()
    if (outbox.length > 0) dispatch({ type: 'restored', outbox })
    setRestored(true)
  }, [dispatch])
  useEffect(() => {
    if (restored) storeOutbox(session.outbox)
  }, [restored, session.outbox])
  const command = restored ? session.outbox[0] : undefined
  useEffect(() => {
    if (command === undefined) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let ended = false
    const attempt = () => {
      deliver(command).then(
        (progress) => dispatch({ type: 'delivered', command, progress }),
        (error: Error) => {
          if (ended) return
          if (!isTemporary(error)) return dispatch({ type: 'refused', command, message: error.message })
          dispatch({ type: 'unreachable' })
          timer = setTimeout(attempt, retryMs)
        },
      )
    }
    attempt()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }, [command, dispatch])
}

/** Keeps pairs ready; with none left it looks again every few seconds, since new ones may be opened. */
function useFetching(session: VoteSession, dispatch: Dispatch<VoteAction>, run: string | undefined): string {
  // The server still offers pairs whose votes are on their way, and skipped ones: ask for so many more.
  const limit = Math.min(20, prefetched + 1 + knownPairs(session).size)
  const query = new URLSearchParams({ limit: String(limit), ...(run === undefined ? {} : { run }) })
  const pairs = useQuery({
    queryKey: ['next-pairs', run, limit],
    queryFn: () => read(`/v1/comparisons/next?${query}`, nextComparisonsSchema),
    enabled: session.pairs.length <= prefetched,
    refetchInterval: session.exhausted ? lookAgainMs : false,
    staleTime: 0,
    gcTime: 0,
  })
  useEffect(() => {
    if (pairs.data !== undefined) dispatch({ type: 'loaded', ...pairs.data, now: Date.now() })
  }, [pairs.data, dispatch])
  return pairs.error?.message ?? ''
}
