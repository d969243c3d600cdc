import { describeSource, endedImportStates, type ModelImport } from '@temper/db/contracts'
import Link from 'next/link'
import { Button } from '#components/ui/button.tsx'
import { ProgressBar } from '#components/ui/progress-bar.tsx'
import { StateShape } from '#components/ui/state-mark.tsx'
import { RelativeTime } from '#components/ui/time.tsx'
import { importStatus } from '#lib/import-words.ts'

interface ImportRowProps {
  item: ModelImport
  /** Of the files that this page sends, where it does. */
  sentBytes: number | undefined
  onStop: () => void
}

/** A model on its way in, or what became of it. */
export function ImportRow({ item, sentBytes, onStop }: ImportRowProps) {
  const status = importStatus(item, sentBytes)
  const isOver = endedImportStates.includes(item.state)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-80">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="self-center">
            <StateShape state={item.state === 'uploading' ? 'waiting' : item.state} />
          </span>
          <span className="font-medium">{item.name}</span>
          <span className="text-muted text-sm">{describeSource(item.source)}</span>
        </p>
        <p className={`tabular mt-1 break-words text-sm ${item.state === 'failed' ? 'text-danger' : 'text-muted'}`}>
          {status.words}
        </p>
        {!isOver && (
          <ProgressBar
            label={`Adding ${item.name}`}
            value={status.share === null ? null : Math.round(status.share * 100)}
            max={100}
            words={status.words}
            className="mt-2 h-2"
          />
        )}
      </div>
      <span className="text-muted text-sm">
        <RelativeTime iso={item.createdAt} />
      </span>
      {item.checkpointId !== null && (
        <Link href={`/checkpoints/${item.checkpointId}`} className="text-accent underline underline-offset-2">
          Open the checkpoint
        </Link>
      )}
      {!isOver && (
        <Button tone="danger" onClick={onStop} aria-label={`Stop adding ${item.name}`}>
          Stop
        </Button>
      )}
    </li>
  )
}
