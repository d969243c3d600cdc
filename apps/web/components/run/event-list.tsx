import type { RunEvent, StageRun } from '@temper/db/contracts'
import { EmptyState } from '#components/ui/panels.tsx'
import { RelativeTime } from '#components/ui/time.tsx'

/** Those that tell a story; steps and their metrics are drawn as curves. */
const told: RunEvent['kind'][] = ['run', 'stage', 'checkpoint', 'votes', 'resumed', 'log']
const shownAtMost = 200

/** What happened, newest first. */
export function EventList({ events, stage }: { events: RunEvent[]; stage: StageRun }) {
  const list = events.filter((event) => told.includes(event.kind) && event.message !== '').reverse()
  if (list.length === 0) {
    return <EmptyState title="No events yet">{stage.status || 'What happens in this stage is listed here.'}</EmptyState>
  }
  return (
    <div className="rounded-md border border-line bg-surface">
      <ol className="divide-y divide-line">
        {list.slice(0, shownAtMost).map((event) => (
          <li key={event.sequence} className="grid grid-cols-[96px_84px_minmax(0,1fr)] gap-3 px-4 py-1.5 text-sm">
            <span className="text-muted">
              <RelativeTime iso={event.at} />
            </span>
            <span className="text-muted">{event.kind}</span>
            <span className="[overflow-wrap:anywhere]">{event.message}</span>
          </li>
        ))}
      </ol>
      {list.length > shownAtMost && (
        <p className="px-4 py-2 text-muted text-sm">and {list.length - shownAtMost} earlier</p>
      )}
    </div>
  )
}
