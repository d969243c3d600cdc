import type { Checkpoint } from '@temper/db/contracts'
import Link from 'next/link'
import { StageChip } from '#components/ui/stage-chip.tsx'
import { RelativeTime } from '#components/ui/time.tsx'
import { checkpointTitle } from '#lib/checkpoint-words.ts'
import { formatBytes, formatCount } from '#lib/format.ts'

/** Checkpoints, each with what it is, how large, and how old. */
export function CheckpointRows({ checkpoints }: { checkpoints: Checkpoint[] }) {
  return (
    <ul className="divide-y divide-line">
      {checkpoints.map((checkpoint) => (
        <li
          key={checkpoint.id}
          className="relative grid grid-cols-[1fr_auto] gap-x-4 px-4 py-2.5 hover:bg-sunken md:grid-cols-[minmax(0,1fr)_120px_200px_110px]"
        >
          <div className="flex min-w-0 items-center">
            <span className="min-w-0 truncate">
              <Link href={`/checkpoints/${checkpoint.id}`} className="font-medium after:absolute after:inset-0">
                {checkpointTitle(checkpoint)}
              </Link>
              {checkpoint.runName !== null && <span className="ml-2 text-muted text-sm">{checkpoint.runName}</span>}
            </span>
            {checkpoint.releasedAs !== null && <Released />}
          </div>
          <StageChip type={checkpoint.stageType} />
          <span className="tabular text-muted text-sm">
            <span title={`${checkpoint.parameters} parameters`}>{formatCount(checkpoint.parameters)}</span>{' '}
            {checkpoint.architecture},{' '}
            <span title={`${checkpoint.sizeBytes} bytes`}>{formatBytes(checkpoint.sizeBytes)}</span>
          </span>
          <span className="text-right text-muted text-sm">
            <RelativeTime iso={checkpoint.createdAt} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function Released() {
  return <span className="ml-2 shrink-0 rounded border border-line px-1.5 py-px text-muted text-xs">released</span>
}
