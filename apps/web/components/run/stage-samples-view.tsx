'use client'

import { useQuery } from '@tanstack/react-query'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { samplesQuery } from '#lib/queries.ts'
import { AnswerTable } from './answer-table.tsx'
import { Rollouts } from './rollouts.tsx'

/** What the policy of a stage writes: answers to the same prompts across steps, and the rollouts it learns from. */
export function StageSamplesView({ runId, stage }: { runId: string; stage: string }) {
  const samples = useQuery(samplesQuery(runId, stage))
  if (samples.isError) return <Problem title="The samples could not be read">{samples.error.message}.</Problem>
  if (samples.isPending) return <div role="status" aria-label="Reading the samples" className="skeleton h-40" />
  const items = samples.data.items.toSorted((a, b) => a.step - b.step)
  const rollouts = items.filter(({ source }) => source === 'rollout')
  const answers = items.filter(({ source }) => source !== 'rollout')
  if (items.length === 0) {
    return (
      <EmptyState title="No samples yet">
        The stage answers the same few prompts before its first step, on the way and after its last, as many as its
        setting samplePrompts says.
      </EmptyState>
    )
  }
  return (
    <div className="space-y-8">
      {answers.length > 0 && <AnswerTable items={answers} />}
      {rollouts.length > 0 && <Rollouts items={rollouts} />}
    </div>
  )
}
