import { CircleCheck } from 'lucide-react'
import { Button } from '#components/ui/button.tsx'
import { formatCount } from '#lib/format.ts'
import type { VoteSession } from '#lib/vote-session.ts'

interface NothingLeftProps {
  session: VoteSession
  onRevisit: () => void
}

/** No pair is left for this person: what happens next, and when to come back. */
export function NothingLeft({ session, onRevisit }: NothingLeftProps) {
  const { skipped, exhausted, progress } = session
  if (!exhausted) return <div role="status" aria-label="Fetching pairs" className="skeleton h-72" />
  return (
    <div className="min-h-72 rounded-md border border-line bg-surface p-8">
      <CircleCheck aria-hidden="true" className="mb-3 size-8" style={{ color: 'var(--preferences)' }} />
      <h2 className="mb-1 font-semibold text-xl">{titleOf(session)}</h2>
      <p className="max-w-prose text-muted">{nextStep(session)}</p>
      {skipped.length > 0 && progress.openStages > 0 && (
        <Button className="mt-4" onClick={onRevisit}>
          Look again at {formatCount(skipped.length)} skipped
        </Button>
      )}
    </div>
  )
}

function titleOf({ cast, skipped, progress }: VoteSession): string {
  if (skipped.length > 0 && progress.openStages > 0) return 'Only what you skipped is left'
  if (cast.length > 0) return 'That was the last pair. Thank you.'
  return progress.openStages > 0 ? 'You have voted on every pair' : 'No pairs wait for votes'
}

function nextStep({ progress: { openStages, votes, needed }, skipped }: VoteSession): string {
  if (openStages === 0) {
    return 'Pairs appear here when a run reaches a preferences stage. You can leave this page open: it looks every few seconds.'
  }
  if (votes >= needed) return 'All votes are in. The run goes on by itself and trains on them.'
  const missing = needed - votes === 1 ? '1 more vote' : `${formatCount(needed - votes)} more votes`
  return `The stage waits for ${missing}${skipped.length > 0 ? '' : ' by others'}, then trains on all of them by itself. New pairs appear here when they are opened.`
}
