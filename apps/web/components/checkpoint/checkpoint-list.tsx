'use client'

import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { type checkpointPageSchema, checkpointsQuery } from '#lib/queries.ts'
import { CheckpointRows } from './checkpoint-rows.tsx'

/** The last checkpoint of each stage of each run, newest first. */
export function CheckpointList({ first }: { first: z.infer<typeof checkpointPageSchema> }) {
  const checkpoints = useQuery({ ...checkpointsQuery, initialData: first })
  return (
    <div className="space-y-4">
      {checkpoints.isError && (
        <Problem title="The list is not up to date">{checkpoints.error.message}. It is tried again.</Problem>
      )}
      <div className="rounded-md border border-line bg-surface">
        {checkpoints.data.items.length === 0 ? (
          <EmptyState title="No checkpoints yet">
            Each training stage of a run leaves one when it is done. Start a run, and the first is here in minutes.
          </EmptyState>
        ) : (
          <CheckpointRows checkpoints={checkpoints.data.items} />
        )}
      </div>
      {checkpoints.data.nextCursor !== null && (
        <p className="text-muted text-sm">Older ones are left out here; each run’s page leads to its own.</p>
      )}
    </div>
  )
}
