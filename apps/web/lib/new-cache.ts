import { QueryClient } from '@tanstack/react-query'
import { isTemporary } from './api-error.ts'

/**
 * The cache of what was read. A refusal is not asked for again, a lost connection is. What the browser says of its
 * network decides nothing: the API may be on this very machine. It is a hint to read again, as it would be by default.
 */
export function newCache(): QueryClient {
  const networkMode = 'always'
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode,
        refetchOnReconnect: true,
        staleTime: 1000,
        retry: (failures, error) => isTemporary(error) && failures < 5,
      },
      mutations: { networkMode },
    },
  })
}
