'use client'

import type { MetricPoint } from '@temper/db/contracts'
import { useMemo } from 'react'
import type { Curve } from '#components/charts/chart-options.ts'
import { CurveChart } from '#components/charts/curve-chart.tsx'
import type { CurveView } from '#components/run/curve-controls.tsx'
import { runMarks } from '#lib/compare-runs.ts'
import { type CurveTable, tabulate } from '#lib/curves.ts'
import { smooth } from '#lib/smooth.ts'

interface RunsChartProps {
  metric: string
  /** Of one stage, by run. */
  points: MetricPoint[][]
  view: CurveView
  syncKey: string
}

const noMarks: number[] = []

/** One metric, a line a run; a run that did not log it has none. */
export function RunsChart({ metric, points, view, syncKey }: RunsChartProps) {
  const table = useTable(metric, points)
  const curves = useMemo(() => curvesOf(metric, table, view.smoothing), [metric, table, view.smoothing])
  return <CurveChart title={metric} steps={table.steps} {...{ curves, log: view.log, syncKey, marks: noMarks }} />
}

/** Columns are the letters of the runs. Anew only for other points: the chart is drawn for each new table. */
function useTable(metric: string, points: MetricPoint[][]): CurveTable {
  const [a, b, c, d] = points
  return useMemo(() => {
    const named = [a, b, c, d].flatMap((own = [], index) =>
      own.filter(({ name }) => name === metric).map((point) => ({ ...point, name: runMarks[index]?.letter ?? '' })),
    )
    return tabulate(named)
  }, [metric, a, b, c, d])
}

function curvesOf(metric: string, { columns }: CurveTable, smoothing: number): Curve[] {
  return runMarks.flatMap(({ letter, color, dash }) => {
    const values = columns.get(letter)
    if (values === undefined) return []
    const smoothed = smoothing > 0 ? smooth(values, smoothing) : null
    return [{ name: letter, metric, color, dash, values, smoothed, scale: 'y' as const }]
  })
}
