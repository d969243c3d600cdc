'use client'

import { useQuery } from '@tanstack/react-query'
import type { RunEvent, StageRun } from '@temper/db/contracts'
import { useMemo, useState } from 'react'
import { ChartGrid } from '#components/charts/chart-grid.tsx'
import { CurveTableView } from '#components/charts/curve-table.tsx'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { planCurves, tabulate } from '#lib/curves.ts'
import { metricsQuery } from '#lib/queries.ts'
import { stageColor } from '#lib/stage-words.ts'
import { CurveControls, type CurveView } from './curve-controls.tsx'
import { StageChart } from './stage-chart.tsx'

interface StageCurvesProps {
  runId: string
  stage: StageRun
  events: RunEvent[]
}

/** The curves of a stage, two beside each other, most telling first. */
export function StageCurves({ runId, stage, events }: StageCurvesProps) {
  const points = useQuery(metricsQuery(runId, stage.name))
  const [view, setView] = useState<CurveView>({ smoothing: 0, log: false, asTable: false })
  const table = useMemo(() => tabulate(points.data?.items ?? []), [points.data])
  const plans = useMemo(() => planCurves([...table.columns.keys()]), [table])
  const marks = useResumedSteps(events)
  if (points.isError)
    return <Problem title="The metrics could not be read">{points.error.message}. They are kept.</Problem>
  if (points.isPending) return <ChartSkeletons />
  if (plans.length === 0) {
    return (
      <EmptyState title="No metrics yet">{stage.status || 'They appear with the first step of this stage.'}</EmptyState>
    )
  }
  const common = { table, color: stageColor(stage.type), view, syncKey: `${runId} ${stage.name}`, marks }
  return (
    <div className="space-y-4">
      <CurveControls view={view} onChange={setView} />
      {view.asTable ? (
        <CurveTableView table={table} />
      ) : (
        <ChartGrid
          charts={plans.map((plan) => ({
            title: plan.title,
            draw: () => <StageChart plan={plan} {...common} />,
          }))}
        />
      )}
      {marks.length > 0 && <p className="text-muted text-xs">Dashed lines: resumed here after an interruption.</p>}
    </div>
  )
}

/** Steps from which the stage went on after it was interrupted. */
function useResumedSteps(events: RunEvent[]): number[] {
  return useMemo(() => {
    const steps = events.filter((event) => event.kind === 'resumed').map((event) => event.data.step)
    return steps.filter((step) => typeof step === 'number')
  }, [events])
}

function ChartSkeletons() {
  return (
    <div role="status" aria-label="Reading the metrics" className="grid gap-4 pt-12 md:grid-cols-2">
      {['a', 'b', 'c', 'd'].map((key) => (
        <div key={key} className="skeleton h-[278px]" />
      ))}
    </div>
  )
}
