import type { LabelProgress, RunSummary } from '@temper/db/contracts'
import { CircleAlert, CirclePause, ThumbsUp } from 'lucide-react'
import Link from 'next/link'
import { buttonClass } from '#components/ui/button.tsx'
import { Section } from '#components/ui/panels.tsx'
import { formatCount } from '#lib/format.ts'
import { runSentence } from '#lib/run-sentence.ts'

/** Everything that waits for a person. A page where nothing does says so in one line. */
export function NeedsYou({ runs, progress }: { runs: RunSummary[]; progress: LabelProgress }) {
  const paused = runs.filter((run) => run.state === 'paused')
  const failed = runs.filter((run) => run.state === 'failed').slice(0, 3)
  const nothing = progress.remaining === 0 && paused.length === 0 && failed.length === 0
  return (
    <Section title="Needs you" flush>
      <ul className="divide-y divide-line">
        {nothing && <li className="p-4 text-muted">Nothing. Runs go on by themselves until they have a question.</li>}
        {progress.remaining > 0 && <VotesWanted progress={progress} />}
        {paused.map((run) => (
          <Item key={run.id} icon={<CirclePause className="size-5" />} action="Open" href={`/runs/${run.id}`}>
            <span className="font-medium">{run.name}</span> is paused.{' '}
            <span className="text-muted">{runSentence(run)}</span>
          </Item>
        ))}
        {failed.map((run) => (
          <Item
            key={run.id}
            icon={<CircleAlert className="size-5 text-danger" />}
            action="See why"
            href={`/runs/${run.id}`}
          >
            <span className="font-medium">{run.name}</span> failed.{' '}
            <span className="text-muted">{run.failure?.message ?? runSentence(run)}</span>
          </Item>
        ))}
      </ul>
    </Section>
  )
}

function VotesWanted({ progress }: { progress: LabelProgress }) {
  return (
    <Item
      icon={<ThumbsUp className="size-5" style={{ color: 'var(--preferences)' }} />}
      action="Label"
      href="/label"
      primary
    >
      <span className="tabular font-medium">{formatCount(progress.remaining)} pairs</span> wait for your vote.{' '}
      <span className="tabular text-muted">
        {formatCount(progress.votes)} of {formatCount(progress.needed)} votes are in.
      </span>
    </Item>
  )
}

interface ItemProps {
  icon: React.ReactNode
  action: string
  href: string
  primary?: boolean
  children: React.ReactNode
}

function Item({ icon, action, href, primary, children }: ItemProps) {
  return (
    <li className="flex items-center gap-3 p-4">
      <span aria-hidden="true">{icon}</span>
      <p className="min-w-0 flex-1">{children}</p>
      <Link href={href} className={buttonClass(primary ? 'primary' : 'secondary')}>
        {action}
      </Link>
    </li>
  )
}
