import { onlineManager } from '@tanstack/react-query'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { newCache } from './new-cache.ts'

beforeEach(() => onlineManager.setOnline(false))
afterEach(() => onlineManager.setOnline(true))

it('reads and changes while the browser says that it is offline: the API may be on this machine', async () => {
  const cache = newCache()
  const queryFn = vi.fn(async () => 'read')
  const mutationFn = vi.fn(async () => 'changed')
  void cache.fetchQuery({ queryKey: ['runs'], queryFn })
  void cache.getMutationCache().build(cache, { mutationFn }).execute(undefined)
  await vi.waitFor(() => expect([queryFn, mutationFn].map(({ mock }) => mock.calls.length)).toEqual([1, 1]))
})
