import type { StageRun } from '@temper/db/contracts'
import { type RefObject, useEffect, useRef } from 'react'
import { stageShare } from '#components/runs/stage-strip.tsx'
import { StateMark } from '#components/ui/state-mark.tsx'
import { Elapsed } from '#components/ui/time.tsx'
import { classNames } from '#lib/class-names.ts'
import { formatMetric, stageColor } from '#lib/stage-words.ts'
import type { GraphStage } from './stage-graph.tsx'

interface StageNodeProps {
  stage: GraphStage
  selected: boolean
  onSelect?: (name: string) => void
}

const frame =
  'relative flex h-full w-full flex-col overflow-hidden rounded-md border bg-surface px-2.5 py-1.5 text-left'

/** One stage: its name and type in its colour, its state in shape and word, its time and headline metric. */
export function StageNode({ stage, selected, onSelect }: StageNodeProps) {
  const content = (
    <>
      <span
        aria-hidden="true"
        className="absolute inset-y-0 left-0 w-[3px]"
        style={{ background: stageColor(stage.type) }}
      />
      <span className="truncate font-medium text-sm" title={stage.name}>
        {stage.name}
      </span>
      {stage.run === undefined ? (
        <span className="text-sm" style={{ color: stageColor(stage.type) }}>
          {stage.type}
        </span>
      ) : (
        <Progress run={stage.run} sentence={stage.sentence ?? ''} />
      )}
    </>
  )
  const scrollTo = useScrollTo(selected)
  if (onSelect === undefined) return <div className={classNames(frame, 'border-line')}>{content}</div>
  return (
    <button
      ref={scrollTo}
      type="button"
      aria-pressed={selected}
      onClick={() => onSelect(stage.name)}
      className={classNames(frame, selected ? 'border-ink' : 'border-line hover:border-line-strong')}
    >
      {content}
    </button>
  )
}

/** Brings the selected node into sight sideways, and never moves the page itself. */
function useScrollTo(selected: boolean): RefObject<HTMLButtonElement | null> {
  const element = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const item = element.current?.closest('li')
    const scroller = item?.closest('[data-graph]')
    if (!selected || !item || !scroller) return
    const hidden = item.offsetLeft + item.offsetWidth - scroller.clientWidth
    if (hidden > scroller.scrollLeft || item.offsetLeft < scroller.scrollLeft) scroller.scrollLeft = hidden + 24
  }, [selected])
  return element
}

function Progress({ run, sentence }: { run: StageRun; sentence: string }) {
  return (
    <>
      <span className="flex items-center justify-between gap-1 text-xs">
        <StateMark state={run.state} />
        {run.startedAt !== null && (
          <span className="text-muted">
            <Elapsed from={run.startedAt} to={run.finishedAt} short />
          </span>
        )}
      </span>
      <Headline run={run} sentence={sentence} />
      {run.state === 'running' && run.totalSteps > 0 && (
        <span aria-hidden="true" className="absolute inset-x-0 bottom-0 h-[3px] bg-line">
          <span
            className="block h-full"
            style={{ width: `${stageShare(run) * 100}%`, background: stageColor(run.type) }}
          />
        </span>
      )}
    </>
  )
}

function Headline({ run, sentence }: { run: StageRun; sentence: string }) {
  if (run.headline === null) {
    return (
      <span className="truncate text-muted text-xs leading-5" title={sentence}>
        {sentence}
      </span>
    )
  }
  const { metric, value } = run.headline
  return (
    <span className="tabular truncate text-xs leading-5" title={`${metric} ${value}`}>
      <span className="font-medium text-sm">{formatMetric(metric, value)}</span>{' '}
      <span className="text-muted">{metric}</span>
    </span>
  )
}
