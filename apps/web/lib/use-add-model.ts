'use client'

import { useQueryClient } from '@tanstack/react-query'
import type { ModelSource } from '@temper/db/contracts'
import { useState, useSyncExternalStore } from 'react'
import { send } from './api.ts'
import { importsQuery } from './queries.ts'
import { createImport, sendModel } from './send-model.ts'
import { useSendings } from './use-sendings.ts'

interface State {
  isBusy: boolean
  error: Error | null
}

const idle: State = { isBusy: false, error: null }
const none: ReadonlyMap<string, number> = new Map()

/** Adds models: asks the API, and sends the files where the source is files; stops them again. */
export function useAddModel() {
  const [state, setState] = useState<State>(idle)
  const sendings = useSendings()
  /** Bytes that are there of the files on their way, by import; an earlier visit of the page may have begun them. */
  const sent = useSyncExternalStore(sendings.subscribe, sendings.bytes, () => none)
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: importsQuery.queryKey })
  const fail = (error: unknown) =>
    setState({ ...idle, error: error instanceof Error ? error : new Error(String(error)) })

  const add = async (name: string, source: ModelSource, files: readonly File[]) => {
    setState({ ...idle, isBusy: true })
    let id: string | undefined
    try {
      const created = await createImport(name, source)
      id = created.id
      // Begun before the list shows the import, so that it can be stopped from there at once.
      const sending =
        files.length > 0 && sendings.run(id, (signal, onBytes) => sendModel(created, files, signal, onBytes))
      await Promise.all([sending, refresh()])
      setState(idle)
    } catch (error) {
      fail(error)
      // Files of this page cannot be sent on by another one.
      if (id !== undefined) await send('DELETE', `/v1/imports/${id}`).catch(console.warn)
    }
    await refresh()
  }
  const stop = async (id: string) => {
    sendings.stop(id)
    await send('DELETE', `/v1/imports/${id}`).catch(fail)
    await refresh()
  }
  return { ...state, isBusy: state.isBusy || sent.size > 0, sent, add, stop, fail }
}
