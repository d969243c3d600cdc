import { ProgressBar } from '#components/ui/progress-bar.tsx'
import { formatCount } from '#lib/format.ts'
import type { VoteSession } from '#lib/vote-session.ts'

/** How far the stage is, what this person has done, and whether it has arrived. */
export function LabelProgressBar({ session }: { session: VoteSession }) {
  const { votes, needed, mine, remaining } = session.progress
  // Votes on their way count at once for the one who cast them.
  const waiting = session.outbox.filter((command) => command.type === 'vote').length
  if (needed === 0) return <div className="h-[30px]" />
  return (
    <div>
      <div className="tabular flex flex-wrap justify-between gap-x-6 text-muted text-sm">
        <span>
          <span className="text-ink">{formatCount(votes)}</span> of {formatCount(needed)} votes
        </span>
        <span>
          {formatCount(mine + waiting)} yours, {formatCount(Math.max(0, remaining - waiting))} left for you
        </span>
        <Delivery session={session} />
      </div>
      <ProgressBar
        label="Votes of the stage"
        value={votes}
        max={needed}
        color="var(--preferences)"
        className="mt-1.5 h-1"
      />
    </div>
  )
}

function Delivery({ session }: { session: VoteSession }) {
  const count = session.outbox.length
  const words = () => {
    if (session.connection === 'offline') return `offline, ${count} waiting`
    if (count > 0) return 'saving'
    return session.cast.length > 0 ? 'saved' : ''
  }
  return (
    <span role="status" className="min-w-28 text-right max-md:basis-full max-md:text-left">
      {words()}
    </span>
  )
}
