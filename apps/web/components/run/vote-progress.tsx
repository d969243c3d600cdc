'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Run, StageRun } from '@temper/db/contracts'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/panels.tsx'
import { send } from '#lib/api.ts'
import { formatCount, formatPercent } from '#lib/format.ts'

/** How many votes are in, what the stage waits for, and who votes. */
export function VoteProgress({ run, stage }: { run: Run; stage: StageRun }) {
  const share = stage.totalSteps > 0 ? Math.min(1, stage.step / stage.totalSteps) : 0
  const spec = run.recipe.stages[stage.name]
  const settings = spec?.type === 'preferences' ? spec : undefined
  return (
    <Section title="Votes" aside={stage.state === 'running' && <SkipWaiting run={run} stage={stage} />}>
      <p className="tabular mb-2">
        <span className="font-semibold text-xl">{formatCount(stage.step)}</span>{' '}
        <span className="text-muted">
          of {formatCount(stage.totalSteps)} votes, {formatPercent(share)}
        </span>
      </p>
      <div
        role="progressbar"
        aria-label="Votes"
        aria-valuenow={stage.step}
        aria-valuemin={0}
        aria-valuemax={stage.totalSteps}
        className="h-2 overflow-hidden rounded-full bg-line"
      >
        <div className="h-full" style={{ width: `${share * 100}%`, background: 'var(--preferences)' }} />
      </div>
      <p className="mt-3 text-muted">{stage.status}</p>
      {settings?.simulated !== undefined && (
        <p className="mt-3">
          {settings.simulated.labelers} simulated labelers vote here by the stated taste “{settings.simulated.taste}”,
          with {formatPercent(settings.simulated.noise)} noise. Votes of people count beside theirs.
        </p>
      )}
      {settings !== undefined && (
        <p className="mt-3 max-w-prose">
          <span className="text-muted">Guidelines:</span> {settings.guidelines}
        </p>
      )}
      <ResultList result={stage.result} />
    </Section>
  )
}

function ResultList({ result }: { result: StageRun['result'] }) {
  const facts = Object.entries(result).filter(([, value]) => typeof value === 'number' || typeof value === 'string')
  if (facts.length === 0) return null
  return (
    <dl className="tabular mt-4 grid grid-cols-2 gap-x-6 gap-y-1 border-line border-t pt-3 text-sm md:grid-cols-4">
      {facts.map(([name, value]) => (
        <div key={name} className="flex justify-between gap-2">
          <dt className="text-muted">{name}</dt>
          <dd>{String(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function SkipWaiting({ run, stage }: { run: Run; stage: StageRun }) {
  const client = useQueryClient()
  const skip = useMutation({
    mutationFn: () => send('POST', `/v1/runs/${run.id}/stages/${stage.name}/skip-waiting`, {}),
    onSuccess: () => client.invalidateQueries({ queryKey: ['run', run.id] }),
  })
  const ask = () => {
    if (window.confirm('Go on with the votes that are in? No more are collected for this stage.')) skip.mutate()
  }
  return (
    <div className="flex items-center gap-2">
      {skip.isError && <span role="alert">{skip.error.message}</span>}
      <Button onClick={ask} disabled={skip.isPending}>
        Go on with these votes
      </Button>
    </div>
  )
}
