'use client'

import { useQuery } from '@tanstack/react-query'
import type { LabelProgress } from '@temper/db/contracts'
import type { z } from 'zod'
import { CheckpointRows } from '#components/checkpoint/checkpoint-rows.tsx'
import { RunRows } from '#components/runs/run-rows.tsx'
import { EmptyState, Section } from '#components/ui/panels.tsx'
import {
  type checkpointPageSchema,
  checkpointsQuery,
  labelProgressQuery,
  type runPageSchema,
  runsQuery,
} from '#lib/queries.ts'
import { isLive } from '#lib/stage-words.ts'
import { NeedsYou } from './needs-you.tsx'

interface OverviewProps {
  runs: z.infer<typeof runPageSchema>
  checkpoints: z.infer<typeof checkpointPageSchema>
  progress: LabelProgress
}

/** Starts from what the server read and keeps itself up to date. */
export function Overview(first: OverviewProps) {
  const runs = useQuery({ ...runsQuery, initialData: first.runs }).data.items
  const checkpoints = useQuery({ ...checkpointsQuery, initialData: first.checkpoints }).data.items
  const progress = useQuery({ ...labelProgressQuery, initialData: first.progress }).data
  const live = runs.filter((run) => isLive(run.state) && run.state !== 'paused')
  return (
    <div className="space-y-8">
      <NeedsYou runs={runs} progress={progress} />
      <Section title={live.length > 0 ? 'Running now' : 'Latest runs'} flush>
        {runs.length === 0 ? <NoRuns /> : <RunRows runs={live.length > 0 ? live : runs.slice(0, 5)} />}
      </Section>
      <Section title="Latest checkpoints" flush>
        {checkpoints.length === 0 ? (
          <EmptyState title="No checkpoints yet">
            Each stage leaves one when it is done: a model you can chat with and download.
          </EmptyState>
        ) : (
          <CheckpointRows checkpoints={checkpoints.slice(0, 6)} />
        )}
      </Section>
    </div>
  )
}

function NoRuns() {
  return (
    <EmptyState title="No runs yet">
      Start one with New run: the quickstart recipe takes a small model from raw text to two aligned policies in
      minutes, and asks you to vote on the way.
    </EmptyState>
  )
}
