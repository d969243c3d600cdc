'use client'

import { QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { newCache } from '#lib/new-cache.ts'
import { Sendings } from '#lib/sendings.ts'
import { SendingsContext } from '#lib/use-sendings.ts'

/** What outlives pages: the cache of what was read, and files on their way. */
export function Providers({ children }: { children: React.ReactNode }) {
  const [client] = useState(newCache)
  const [sendings] = useState(() => new Sendings())
  return (
    <QueryClientProvider client={client}>
      <SendingsContext value={sendings}>{children}</SendingsContext>
    </QueryClientProvider>
  )
}
