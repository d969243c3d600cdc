'use client'

import { useMutation, useMutationState, useQueryClient } from '@tanstack/react-query'
import type { ModelSource } from '@temper/db/contracts'
import { useSyncExternalStore } from 'react'
import { send } from './api.ts'
import { importsQuery } from './queries.ts'
import { createImport, sendModel } from './send-model.ts'
import { useSendings } from './use-sendings.ts'

interface Wanted {
  name: string
  source: ModelSource
  files: readonly File[]
}

const mutationKey = ['add-model']

/** Adds models: asks the API, and sends the files where the source is files; stops them again. */
export function useAddModel() {
  const sendings = useSendings()
  /** Bytes that are there of the files on their way, by import; an earlier visit of the page may have begun them. */
  const sent = useSyncExternalStore(sendings.subscribe, sendings.bytes, sendings.bytes)
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: importsQuery.queryKey })

  const sendFiles = async ({ name, source, files }: Wanted) => {
    const created = await createImport(name, source)
    try {
      // Begun before the list shows the import, so that it can be stopped from there at once.
      const sending =
        files.length > 0 && sendings.run(created.id, (signal, onBytes) => sendModel(created, files, signal, onBytes))
      await Promise.all([sending, refresh()])
    } catch (error) {
      // Files of this page cannot be sent on by another one.
      await send('DELETE', `/v1/imports/${created.id}`).catch(console.warn)
      throw error
    }
  }
  const addition = useMutation({ mutationKey, mutationFn: sendFiles, onSettled: refresh })
  const stopping = useMutation({
    mutationFn: (id: string) => {
      sendings.stop(id)
      return send('DELETE', `/v1/imports/${id}`)
    },
    onSettled: refresh,
  })
  // Of the last one, which another visit of the page may have begun.
  const last = useMutationState({ filters: { mutationKey }, select: ({ state }) => state }).at(-1)
  return {
    isBusy: last?.status === 'pending',
    error: last?.error ?? null,
    stopError: stopping.error,
    sent,
    add: (wanted: Wanted) => {
      stopping.reset()
      addition.mutate(wanted)
    },
    stop: stopping.mutate,
  }
}
