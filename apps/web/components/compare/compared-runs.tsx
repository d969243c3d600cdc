import type { Run } from '@temper/db/contracts'
import Link from 'next/link'
import { StateMark } from '#components/ui/state-mark.tsx'
import { Elapsed, RelativeTime } from '#components/ui/time.tsx'
import { runMarks } from '#lib/compare-runs.ts'
import { RunLetter } from './run-letter.tsx'

/** Which run each letter stands for. */
export function ComparedRuns({ runs }: { runs: Run[] }) {
  return (
    <ul aria-label="Runs" className="divide-y divide-line rounded-md border border-line bg-surface">
      {runs.map((run, index) => (
        <li key={run.id} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2.5">
          <RunLetter mark={runMarks[index]} />
          <Link href={`/runs/${run.id}`} className="min-w-0 font-medium hover:underline [overflow-wrap:anywhere]">
            {run.name}
          </Link>
          <StateMark state={run.state} />
          <span className="tabular text-muted text-sm">seed {run.seed}</span>
          <span className="text-muted text-sm">
            <Elapsed from={run.createdAt} to={run.finishedAt} />, started <RelativeTime iso={run.createdAt} />
          </span>
          <span className="font-mono text-muted text-xs" title={run.id}>
            {run.id.slice(-8)}
          </span>
        </li>
      ))}
    </ul>
  )
}
