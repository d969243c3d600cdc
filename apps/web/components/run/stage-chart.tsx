'use client'

import { useMemo } from 'react'
import type { Curve } from '#components/charts/chart-options.ts'
import { CurveChart } from '#components/charts/curve-chart.tsx'
import { type CurvePlan, type CurveTable, selectColumns } from '#lib/curves.ts'
import { smooth } from '#lib/smooth.ts'
import type { CurveView } from './curve-controls.tsx'

interface StageChartProps {
  plan: CurvePlan
  table: CurveTable
  /** Colour of the first curve: the stage's. */
  color: string
  view: CurveView
  syncKey: string
  marks: readonly number[]
}

/** One chart of a stage's metrics. */
export function StageChart({ plan, table, color, view, syncKey, marks }: StageChartProps) {
  const { steps, columns } = useMemo(() => selectColumns(table, plan.names), [table, plan])
  const curves = useMemo(
    () => plan.names.map((name, index) => curveOf(plan, index, columns.get(name) ?? [], color, view.smoothing)),
    [plan, columns, color, view.smoothing],
  )
  return <CurveChart title={plan.title} {...{ steps, curves, band: plan.band, log: view.log, syncKey, marks }} />
}

const dashes = [[], [5, 4], [2, 3]]
const otherColors = ['var(--ink)', 'var(--muted)']

function curveOf(plan: CurvePlan, index: number, values: (number | null)[], color: string, smoothing: number): Curve {
  const name = plan.names[index] ?? ''
  return {
    name,
    metric: name,
    color: index === 0 ? color : (otherColors[(index - 1) % otherColors.length] ?? 'var(--ink)'),
    dash: dashes[index % dashes.length] ?? [],
    values,
    smoothed: smoothing > 0 ? smooth(values, smoothing) : null,
    scale: plan.split && index > 0 ? 'right' : 'y',
  }
}
