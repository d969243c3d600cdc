'use client'

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { Button } from '#components/ui/button.tsx'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { read } from '#lib/api.ts'
import { runPageSchema } from '#lib/queries.ts'
import { CompareBar } from './compare-bar.tsx'
import { RunRows } from './run-rows.tsx'

/** All runs, newest first, a page at a time; what is shown stays up to date. */
export function RunList({ first }: { first: z.infer<typeof runPageSchema> }) {
  const runs = useInfiniteQuery({
    queryKey: ['run-list'],
    queryFn: ({ pageParam }) =>
      read(`/v1/runs?limit=50${pageParam === '' ? '' : `&cursor=${pageParam}`}`, runPageSchema),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    initialData: { pages: [first], pageParams: [''] },
    refetchInterval: 3000,
  })
  const [chosen, setChosen] = useState<string[]>([])
  const items = runs.data.pages.flatMap((page) => page.items)
  const choose = (id: string, on: boolean) => setChosen(on ? [...chosen, id] : chosen.filter((other) => other !== id))
  return (
    <div className="space-y-4">
      {runs.isError && <Problem title="The list is not up to date">{runs.error.message}. It is tried again.</Problem>}
      {items.length > 1 && <CompareBar chosen={chosen} />}
      <div className="rounded-md border border-line bg-surface">
        {items.length === 0 ? (
          <EmptyState title="No runs yet">
            New run starts one from a recipe that ships with Temper, or from your own.
          </EmptyState>
        ) : (
          <RunRows runs={items} chosen={chosen} onChoose={choose} />
        )}
      </div>
      {runs.hasNextPage && (
        <Button onClick={() => void runs.fetchNextPage()} disabled={runs.isFetchingNextPage}>
          Show older runs
        </Button>
      )}
    </div>
  )
}
