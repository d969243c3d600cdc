import type { StageRun } from '@temper/db/contracts'
import Link from 'next/link'
import { buttonClass } from '#components/ui/button.tsx'
import { isVotingOpen } from '#lib/stage-words.ts'

/** Where to go from a stage: to vote, to its checkpoint, to talk to it. */
export function StageLinks({ stage }: { stage: StageRun }) {
  const chats = stage.checkpointId !== null && stage.type !== 'reward'
  return (
    <div className="flex flex-wrap gap-2">
      {stage.type === 'preferences' && isVotingOpen(stage) && (
        <Link href="/label" className={buttonClass('primary')}>
          Label pairs
        </Link>
      )}
      {chats && (
        <Link href={`/playground?left=${stage.checkpointId}`} className={buttonClass()}>
          Try it
        </Link>
      )}
      {stage.checkpointId !== null && (
        <Link href={`/checkpoints/${stage.checkpointId}`} className={buttonClass()}>
          Checkpoint
        </Link>
      )}
    </div>
  )
}
