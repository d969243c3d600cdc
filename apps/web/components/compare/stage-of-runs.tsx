'use client'

import { useQueries } from '@tanstack/react-query'
import type { MetricPoint, Run } from '@temper/db/contracts'
import { ChartGrid } from '#components/charts/chart-grid.tsx'
import { CurveTableView } from '#components/charts/curve-table.tsx'
import type { CurveView } from '#components/run/curve-controls.tsx'
import { EmptyState, Problem } from '#components/ui/panels.tsx'
import { runMarks } from '#lib/compare-runs.ts'
import { planCurves, tabulate } from '#lib/curves.ts'
import { metricsQuery } from '#lib/queries.ts'
import { isLive } from '#lib/stage-words.ts'
import { RunsChart } from './runs-chart.tsx'

const noPoints: MetricPoint[] = []

/** One stage's metrics in every run that has it. */
export function StageOfRuns({ runs, stage, view }: { runs: Run[]; stage: string; view: CurveView }) {
  const queries = runs.map((run) => ({
    ...metricsQuery(run.id, stage),
    refetchInterval: isLive(run.state) ? 3000 : (false as const),
  }))
  const results = useQueries({ queries })
  const failed = results.find(({ error }) => error !== null)
  if (failed !== undefined) {
    return <Problem title="The metrics could not be read">{failed.error?.message}. They are kept.</Problem>
  }
  if (results.some(({ isPending }) => isPending)) {
    return <div role="status" aria-label="Reading the metrics" className="skeleton h-[278px]" />
  }
  const points = results.map(({ data }) => data?.items ?? noPoints)
  const logged = [...new Set(points.flatMap((own) => own.map(({ name }) => name)))]
  const names = planCurves(logged).flatMap((plan) => plan.names)
  if (names.length === 0) return <EmptyState title="No metrics yet">They appear with the first step.</EmptyState>
  if (view.asTable) return <CurveTableView table={tabulate(lettered(points))} />
  return (
    <ChartGrid
      charts={names.map((metric) => ({
        title: metric,
        draw: () => <RunsChart metric={metric} points={points} view={view} syncKey={`compare ${stage}`} />,
      }))}
    />
  )
}

/** All points under names that begin with the letter of their run. */
function lettered(points: MetricPoint[][]): MetricPoint[] {
  return points.flatMap((own, index) =>
    own.map((point) => ({ ...point, name: `${runMarks[index]?.letter} ${point.name}` })),
  )
}
