'use client'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { isTemporary } from '#lib/api-error.ts'
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

/** A refusal is not asked for again, a lost connection is. */
function newCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 1000, retry: (failures, error) => isTemporary(error) && failures < 5 },
    },
  })
}
