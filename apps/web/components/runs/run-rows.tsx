import type { RunSummary, StageRun } from '@temper/db/contracts'
import Link from 'next/link'
import { StateMark } from '#components/ui/state-mark.tsx'
import { Elapsed, RelativeTime } from '#components/ui/time.tsx'
import { runSentence } from '#lib/run-sentence.ts'
import { formatMetric, stageColor, tellingStage } from '#lib/stage-words.ts'
import { StageStrip } from './stage-strip.tsx'

interface RunRowsProps {
  runs: RunSummary[]
  /** Ids of the runs that are ticked, where runs can be. */
  chosen?: string[]
  onChoose?: (id: string, on: boolean) => void
}

/** Runs, each with its state in a sentence and its one most telling number. */
export function RunRows({ runs, chosen = [], onChoose }: RunRowsProps) {
  return (
    <ul className="divide-y divide-line">
      {runs.map((run) => (
        <li key={run.id} className="flex hover:bg-sunken">
          {onChoose !== undefined && (
            <label className="flex cursor-pointer items-start pt-5 pl-4">
              <span className="sr-only">Compare {run.name}</span>
              <input
                type="checkbox"
                checked={chosen.includes(run.id)}
                onChange={(event) => onChoose(run.id, event.target.checked)}
                className="size-4 accent-(--accent)"
              />
            </label>
          )}
          <div className="relative min-w-0 flex-1 p-4">
            <div className="grid grid-cols-[1fr_auto] items-start gap-x-4 gap-y-1 md:grid-cols-[minmax(0,1fr)_110px_200px_110px]">
              <div className="min-w-0">
                {/* The link covers its row, so that a tap anywhere opens the run. */}
                <Link href={`/runs/${run.id}`} className="font-medium after:absolute after:inset-0">
                  {run.name}
                </Link>
                <p className="truncate text-muted text-sm">{runSentence(run)}</p>
              </div>
              <div className="text-sm">
                <StateMark state={run.state} />
              </div>
              <TellingNumber stage={tellingStage(run.stages)} />
              <div className="text-right text-muted text-sm">
                <Elapsed from={run.createdAt} to={run.finishedAt} />
                <div className="text-xs">
                  <RelativeTime iso={run.createdAt} />
                </div>
              </div>
            </div>
            <StageStrip stages={run.stages} />
          </div>
        </li>
      ))}
    </ul>
  )
}

function TellingNumber({ stage }: { stage: StageRun | undefined }) {
  // A stage that counts nothing yet (pairs are being sampled) says so in the sentence of its run.
  if (stage === undefined || (stage.headline === null && stage.totalSteps === 0)) {
    return <div className="text-muted text-sm">–</div>
  }
  const { metric, value } = stage.headline ?? { metric: `of ${stage.totalSteps}`, value: stage.step }
  return (
    <div className="text-sm">
      <span className="tabular font-medium" title={String(value)}>
        {formatMetric(metric, value)}
      </span>{' '}
      <span className="text-muted">{metric}</span>
      <div className="text-xs" style={{ color: stageColor(stage.type) }}>
        {stage.name}
      </div>
    </div>
  )
}
