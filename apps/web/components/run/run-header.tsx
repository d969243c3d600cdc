import type { Run } from '@temper/db/contracts'
import { ExternalLink } from 'lucide-react'
import { buttonClass } from '#components/ui/button.tsx'
import { CopyId } from '#components/ui/copy.tsx'
import { StateMark } from '#components/ui/state-mark.tsx'
import { Elapsed, RelativeTime } from '#components/ui/time.tsx'
import { runSentence } from '#lib/run-sentence.ts'
import { isLive } from '#lib/stage-words.ts'
import type { RunEvents } from '#lib/use-run-events.ts'
import { RunActions } from './run-actions.tsx'

/** Name, state in a sentence, how long, and what can be done. */
export function RunHeader({ run, connection }: { run: Run; connection: RunEvents }) {
  return (
    <header className="space-y-2">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <h1 className="min-w-0 font-semibold text-2xl tracking-tight [overflow-wrap:anywhere]">{run.name}</h1>
        <div className="flex flex-wrap gap-2">
          <RunActions run={run} />
          {run.temporalUrl !== null && (
            <a href={run.temporalUrl} target="_blank" rel="noreferrer" className={buttonClass()}>
              Temporal <ExternalLink aria-hidden="true" className="size-3.5" />
              <span className="sr-only">(opens a new tab)</span>
            </a>
          )}
        </div>
      </div>
      <p className="flex min-h-6 flex-wrap items-baseline gap-x-2 text-lg">
        <span aria-live="polite" className="font-medium">
          <StateMark state={run.state} />
        </span>
        <span className="text-muted">{runSentence(run)}</span>
      </p>
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-muted text-sm">
        <Fact term="Elapsed">
          <Elapsed from={run.createdAt} to={run.finishedAt} />
        </Fact>
        <Fact term="Started">
          <RelativeTime iso={run.createdAt} />
        </Fact>
        <Fact term="Seed">{run.seed}</Fact>
        <Fact term="Id">
          <CopyId id={run.id} />
        </Fact>
        <dd className="min-w-24">{isLive(run.state) && connectionWords(connection)}</dd>
      </dl>
    </header>
  )
}

function connectionWords({ connected, events, refusal }: RunEvents): string {
  if (refusal !== '') return `not live: ${refusal}`
  if (connected) return 'live'
  return events.length === 0 ? 'connecting…' : 'connection lost, trying again'
}

function Fact({ term, children }: { term: string; children: React.ReactNode }) {
  return (
    <div className="flex gap-1.5">
      <dt>{term}</dt>
      <dd className="tabular text-ink">{children}</dd>
    </div>
  )
}
