'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Run, StageRun } from '@temper/db/contracts'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/panels.tsx'
import { ProgressBar } from '#components/ui/progress-bar.tsx'
import { send } from '#lib/api.ts'
import { formatCount, formatPercent } from '#lib/format.ts'
import { formatMetric, isLive, isVotingOpen } from '#lib/stage-words.ts'

/** Where the judged pairs of a stage are from, how many there are, and for votes what the stage waits for and who votes. */
export function VoteProgress({ run, stage }: { run: Run; stage: StageRun }) {
  const spec = run.recipe.stages[stage.name]
  const settings = spec?.type === 'preferences' ? spec : undefined
  if (settings?.data !== undefined) {
    return (
      <Section title="Judged pairs">
        <p>
          Nobody votes here: the pairs of <span className="font-medium">{settings.data}</span> are judged already.
        </p>
        <p className="mt-3 text-muted">{stage.status}</p>
        <Facts result={stage.result} />
      </Section>
    )
  }
  return (
    <Section title="Votes" aside={isVotingOpen(stage) && <SkipWaiting run={run} stage={stage} />}>
      <VotesSoFar stage={stage} />
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
      <Facts result={stage.result} />
    </Section>
  )
}

function VotesSoFar({ stage: { state, step, totalSteps } }: { stage: StageRun }) {
  if (totalSteps === 0) {
    return isLive(state) && <p className="text-muted">Votes open when the answers of all pairs are sampled.</p>
  }
  return (
    <>
      <p className="tabular mb-2">
        <span className="font-semibold text-xl">{formatCount(step)}</span>{' '}
        <span className="text-muted">
          of {formatCount(totalSteps)} votes, {formatPercent(Math.min(1, step / totalSteps))}
        </span>
      </p>
      <ProgressBar label="Votes" value={step} max={totalSteps} color="var(--preferences)" />
    </>
  )
}

/** What the stage says of its pairs, by the name it says it under. */
const factNames: Record<string, string> = {
  pairs: 'Pairs to train on',
  heldOut: 'Held out',
  ties: 'Ties',
  bothBad: 'Both bad',
  votes: 'Votes',
  labelers: 'Labelers',
  agreement: 'Agreement',
}

function Facts({ result }: { result: StageRun['result'] }) {
  const facts = Object.entries(factNames).flatMap(([key, name]) => {
    const value = result[key]
    return typeof value === 'number' ? [{ key, name, value }] : []
  })
  if (facts.length === 0) return null
  return (
    <dl className="tabular mt-4 grid grid-cols-1 gap-x-6 gap-y-1 border-line border-t pt-3 text-sm sm:grid-cols-2 md:grid-cols-4">
      {facts.map(({ key, name, value }) => (
        <div key={key} className="flex justify-between gap-2">
          <dt className="text-muted">{name}</dt>
          <dd>{formatMetric(key, value)}</dd>
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
