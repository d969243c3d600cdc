'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Run } from '@temper/db/contracts'
import { CirclePause, CirclePlay, CircleX } from 'lucide-react'
import { useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Problem } from '#components/ui/panels.tsx'
import { send } from '#lib/api.ts'
import { isLive } from '#lib/stage-words.ts'

type Action = 'pause' | 'resume' | 'cancel'

/** What each does, said before it is done. Resuming loses nothing, so it asks nothing. */
const consequences = {
  pause: {
    title: 'Pause this run?',
    text: 'The running stage stops at its next step and writes a checkpoint; nothing is lost and no device is used while it is paused. Votes go on being collected. Resume continues with the same numbers as if it had never stopped.',
    confirm: 'Pause run',
  },
  cancel: {
    title: 'Cancel this run?',
    text: 'All unfinished stages stop for good: a cancelled run cannot be resumed. Checkpoints, votes and metrics so far are kept.',
    confirm: 'Cancel run',
  },
} as const

export function RunActions({ run }: { run: Run }) {
  const [asked, setAsked] = useState<'pause' | 'cancel' | null>(null)
  const client = useQueryClient()
  const act = useMutation({
    mutationFn: (action: Action) => send('POST', `/v1/runs/${run.id}/${action}`, {}),
    onSuccess: () => {
      setAsked(null)
      return client.invalidateQueries({ queryKey: ['run', run.id] })
    },
  })
  if (!isLive(run.state)) return null
  const question = consequences[asked ?? 'pause']
  return (
    <>
      {run.state === 'paused' ? (
        <Button tone="primary" disabled={act.isPending} onClick={() => act.mutate('resume')}>
          <CirclePlay className="size-4" /> Resume
        </Button>
      ) : (
        <Button onClick={() => setAsked('pause')}>
          <CirclePause className="size-4" /> Pause
        </Button>
      )}
      <Button tone="danger" onClick={() => setAsked('cancel')}>
        <CircleX className="size-4" /> Cancel
      </Button>
      {act.isError && asked === null && <p role="alert">{act.error.message}</p>}
      <Dialog title={question.title} open={asked !== null} onOpenChange={() => setAsked(null)}>
        <p className="mb-4">{question.text}</p>
        {act.isError && <Problem title="That did not work">{act.error.message}. The run goes on as before.</Problem>}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={() => setAsked(null)}>Keep as it is</Button>
          <Button
            tone={asked === 'cancel' ? 'danger' : 'primary'}
            disabled={act.isPending}
            onClick={() => asked && act.mutate(asked)}
          >
            {question.confirm}
          </Button>
        </div>
      </Dialog>
    </>
  )
}
