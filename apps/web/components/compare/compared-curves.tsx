'use client'

import type { Run } from '@temper/db/contracts'
import { useId, useState } from 'react'
import { CurveControls, type CurveView } from '#components/run/curve-controls.tsx'
import { EmptyState, Section } from '#components/ui/panels.tsx'
import { stageNames } from '#lib/compare-runs.ts'
import { StageOfRuns } from './stage-of-runs.tsx'

/** Curves of one stage, those of all runs on one chart a metric. */
export function ComparedCurves({ runs }: { runs: Run[] }) {
  const [view, setView] = useState<CurveView>({ smoothing: 0, log: false, asTable: false })
  // An evaluation has a headline and no curves.
  const hasBegun = (run: Run, name: string) =>
    run.stages.some((stage) => stage.name === name && stage.type !== 'evaluate' && stage.headline !== null)
  const trained = stageNames(runs).filter((name) => runs.some((run) => hasBegun(run, name)))
  const shared = trained.filter((name) => runs.every((run) => hasBegun(run, name)))
  const [chosen, setChosen] = useState<string | undefined>()
  const stage = chosen ?? shared.at(-1) ?? trained.at(-1)
  return (
    <Section title="Curves" flush>
      {stage === undefined ? (
        <EmptyState title="No curves yet">They appear when a stage that trains has begun.</EmptyState>
      ) : (
        <div className="space-y-4 p-4">
          <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
            <StageSelect names={trained} stage={stage} onChange={setChosen} />
            <CurveControls view={view} onChange={setView} />
          </div>
          <StageOfRuns key={stage} runs={runs} stage={stage} view={view} />
        </div>
      )}
    </Section>
  )
}

function StageSelect(props: { names: string[]; stage: string; onChange: (stage: string) => void }) {
  const id = useId()
  return (
    <label htmlFor={id} className="flex items-center gap-2 text-sm">
      Stage
      <select
        id={id}
        value={props.stage}
        onChange={(event) => props.onChange(event.target.value)}
        className="h-8 rounded-md border border-line bg-surface px-2"
      >
        {props.names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  )
}
