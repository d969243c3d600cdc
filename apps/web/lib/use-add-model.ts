'use client'

import { useQueryClient } from '@tanstack/react-query'
import type { ModelSource } from '@temper/db/contracts'
import { useRef, useState } from 'react'
import { send } from './api.ts'
import { importsQuery } from './queries.ts'
import { createImport, sendModel } from './send-model.ts'

interface State {
  isBusy: boolean
  error: Error | null
  /** Bytes of the files that are being sent. */
  sent: { id: string; bytes: number } | null
}

const idle: State = { isBusy: false, error: null, sent: null }

/** Adds models: asks the API, and sends the files where the source is files; stops them again. */
export function useAddModel() {
  const [state, setState] = useState<State>(idle)
  const sending = useRef<AbortController | null>(null)
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: importsQuery.queryKey })
  const fail = (error: unknown) =>
    setState({ ...idle, error: error instanceof Error ? error : new Error(String(error)) })

  const add = async (name: string, source: ModelSource, files: readonly File[]) => {
    const aborter = new AbortController()
    sending.current = aborter
    setState({ ...idle, isBusy: true })
    let id: string | undefined
    try {
      const created = await createImport(name, source)
      id = created.id
      await refresh()
      const onBytes = (bytes: number) => setState((before) => ({ ...before, sent: { id: created.id, bytes } }))
      if (files.length > 0) await sendModel(created, files, aborter.signal, onBytes)
      setState(idle)
    } catch (error) {
      if (aborter.signal.aborted) setState(idle)
      else fail(error)
      // Files of this page cannot be sent on by another one.
      if (id !== undefined) await send('DELETE', `/v1/imports/${id}`).catch(console.warn)
    }
    await refresh()
  }
  const stop = async (id: string) => {
    if (state.sent?.id === id) sending.current?.abort()
    await send('DELETE', `/v1/imports/${id}`).catch(fail)
    await refresh()
  }
  return { state, add, stop, fail }
}
