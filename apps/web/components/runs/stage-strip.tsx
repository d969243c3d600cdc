import type { StageRun } from '@temper/db/contracts'
import { stageColor, stateWords } from '#lib/stage-words.ts'

/** The stages as one thin band in their colours, each filled as far as it has come. */
export function StageStrip({ stages }: { stages: StageRun[] }) {
  const done = stages.filter((stage) => stage.state === 'done').length
  return (
    <div role="img" aria-label={`${done} of ${stages.length} stages done`} className="mt-3 flex gap-0.5">
      {stages.map((stage) => (
        <span
          key={stage.name}
          title={`${stage.name}: ${stateWords[stage.state]}`}
          className="h-1 flex-1 overflow-hidden rounded-full bg-line"
        >
          <span
            className="block h-full"
            style={{ width: `${stageShare(stage) * 100}%`, background: stageColor(stage.type) }}
          />
        </span>
      ))}
    </div>
  )
}

/** How far a stage has come, from 0 to 1. */
export function stageShare(stage: StageRun): number {
  if (stage.state === 'done') return 1
  return stage.totalSteps > 0 ? Math.min(1, stage.step / stage.totalSteps) : 0
}
