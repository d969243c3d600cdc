import type { VoteChoice } from '@temper/db/contracts'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Kbd } from '#components/ui/kbd.tsx'
import type { Shortcut } from '#lib/shortcuts.ts'
import type { VoteSession } from '#lib/vote-session.ts'

export interface VoteDeeds {
  vote: (choice: VoteChoice, strength: number) => void
  skip: () => void
  undo: () => void
  note: () => void
  guidelines: () => void
}

/** A plain choice, and one with Shift: much better. */
const strengths = { plain: 1, much: 3 } as const

export function voteShortcuts({ vote, skip, undo, note, guidelines }: VoteDeeds): Shortcut[] {
  const { plain, much } = strengths
  return [
    { keys: '1', label: 'Left is better', run: () => vote('left', plain) },
    { keys: '2', label: 'Right is better', run: () => vote('right', plain) },
    { keys: 'shift+1', label: 'Left is much better', run: () => vote('left', much) },
    { keys: 'shift+2', label: 'Right is much better', run: () => vote('right', much) },
    { keys: 'arrowleft', label: 'Left is better', run: () => vote('left', plain) },
    { keys: 'arrowright', label: 'Right is better', run: () => vote('right', plain) },
    { keys: 'shift+arrowleft', label: 'Left is much better', run: () => vote('left', much) },
    { keys: 'shift+arrowright', label: 'Right is much better', run: () => vote('right', much) },
    { keys: '3', label: 'Equally good', run: () => vote('tie', plain) },
    { keys: '4', label: 'Both are bad', run: () => vote('both_bad', plain) },
    { keys: 'n', label: 'Write a note', run: note },
    { keys: 's', label: 'Skip this pair', run: skip },
    { keys: 'u', label: 'Undo the last vote', run: undo },
    { keys: 'g', label: 'Show the guidelines', run: guidelines },
  ]
}

const choices: { choice: VoteChoice; key: string; name: string }[] = [
  { choice: 'left', key: '1', name: 'Left' },
  { choice: 'right', key: '2', name: 'Right' },
  { choice: 'tie', key: '3', name: 'Tie' },
  { choice: 'both_bad', key: '4', name: 'Both bad' },
]

/** Everything that can be done with a pair, always at the same place. */
export function VoteBar({ deeds, session }: { deeds: VoteDeeds; session: VoteSession }) {
  const empty = session.pairs.length === 0
  const [much, setMuch] = useState(false)
  const choose = (choice: VoteChoice, shifted: boolean) => {
    setMuch(false)
    deeds.vote(choice, much || shifted ? strengths.much : strengths.plain)
  }
  return (
    <div className="sticky bottom-[64px] z-20 space-y-2 rounded-md border border-line bg-surface p-3 md:bottom-4">
      <fieldset aria-label="Which is better?" className="grid grid-cols-4 gap-2">
        {choices.map(({ choice, key, name }) => (
          <Button
            key={choice}
            className="h-11 px-1"
            disabled={empty}
            // Shift and a click say "much better", as Shift and a key do.
            onClick={(event) => choose(choice, event.shiftKey)}
          >
            {name}
            <span className="max-md:hidden">
              <Kbd keys={key} />
            </span>
          </Button>
        ))}
      </fieldset>
      <div className="flex flex-wrap items-center gap-1">
        <QuietDeed name="Undo" keys="u" run={deeds.undo} disabled={session.cast.length === 0} />
        <QuietDeed name="Skip" keys="s" run={deeds.skip} disabled={empty} />
        <QuietDeed name={session.note === '' ? 'Note' : 'Note ✓'} keys="n" run={deeds.note} disabled={empty} />
        <QuietDeed name="Guidelines" keys="g" run={deeds.guidelines} disabled={empty} />
        {/* What the next choice says, where there may be no Shift key: a tablet is as wide as a laptop. */}
        <Button
          tone={much ? 'secondary' : 'quiet'}
          className="px-2 [@media(hover:hover)_and_(pointer:fine)]:hidden"
          aria-pressed={much}
          disabled={empty}
          onClick={() => setMuch(!much)}
        >
          Much better{much && ' ✓'}
        </Button>
        <p role="status" className="min-h-5 min-w-0 basis-full text-muted text-sm md:ml-auto md:basis-auto">
          {session.notice || (
            <span className="hidden [@media(hover:hover)_and_(pointer:fine)]:inline">Shift for “much better”</span>
          )}
        </p>
      </div>
    </div>
  )
}

function QuietDeed(props: { name: string; keys: string; run: () => void; disabled: boolean }) {
  return (
    <Button tone="quiet" className="px-2" onClick={props.run} disabled={props.disabled}>
      {props.name}
      <span className="max-md:hidden">
        <Kbd keys={props.keys} />
      </span>
    </Button>
  )
}
