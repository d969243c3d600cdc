'use client'

import { useMemo, useState } from 'react'
import { useShortcuts } from '#components/shell/shortcuts-provider.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Problem } from '#components/ui/panels.tsx'
import type { Shortcut } from '#lib/shortcuts.ts'
import { type FirstPairs, useVoteSession } from '#lib/use-vote-session.ts'
import { LabelProgressBar } from './label-progress-bar.tsx'
import { NoteDialog } from './note-dialog.tsx'
import { NothingLeft } from './nothing-left.tsx'
import { PairView } from './pair-view.tsx'
import { VoteBar, type VoteDeeds, voteShortcuts } from './vote-bar.tsx'

/** A labelling session: a pair, a bar of choices, and the state of what was chosen. */
export function LabelSession({ first, run }: { first: FirstPairs; run: string | undefined }) {
  const { session, dispatch, vote, problem } = useVoteSession(first, run)
  const [open, setOpen] = useState<'note' | 'guidelines' | null>(null)
  const deeds: VoteDeeds = useMemo(
    () => ({
      vote,
      skip: () => dispatch({ type: 'skip', now: Date.now() }),
      undo: () => dispatch({ type: 'undo', now: Date.now() }),
      note: () => setOpen('note'),
      guidelines: () => setOpen('guidelines'),
    }),
    [vote, dispatch],
  )
  const shortcuts: Shortcut[] = useMemo(() => voteShortcuts(deeds), [deeds])
  useShortcuts('Label', shortcuts)
  const pair = session.pairs[0]
  return (
    <div className="space-y-4">
      <h1 className="sr-only">Label</h1>
      <LabelProgressBar session={session} />
      {problem !== '' && <Problem title="New pairs could not be fetched">{problem}. Your votes are kept.</Problem>}
      {pair === undefined ? (
        <NothingLeft session={session} onRevisit={() => dispatch({ type: 'revisit', now: Date.now() })} />
      ) : (
        <PairView pair={pair} />
      )}
      {(pair !== undefined || session.cast.length > 0) && <VoteBar deeds={deeds} session={session} />}
      <NoteDialog
        open={open === 'note'}
        note={session.note}
        onChange={(note) => dispatch({ type: 'note', note })}
        onClose={() => setOpen(null)}
      />
      <Dialog title="Guidelines" open={open === 'guidelines'} onOpenChange={() => setOpen(null)}>
        <p className="model-text">{pair?.guidelines || 'This stage states no guidelines.'}</p>
      </Dialog>
    </div>
  )
}
