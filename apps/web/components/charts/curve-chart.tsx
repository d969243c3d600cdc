'use client'

import { useMemo, useRef, useState } from 'react'
import { aboutMetric, type CurvePlan, type CurveTable, selectColumns } from '#lib/curves.ts'
import { smooth } from '#lib/smooth.ts'
import { formatMetric } from '#lib/stage-words.ts'
import { type ChartShape, type Curve, chartHeight } from './chart-options.ts'
import { useChart } from './use-chart.ts'

interface CurveChartProps {
  plan: CurvePlan
  table: CurveTable
  /** Colour of the first curve: the stage's. */
  color: string
  smoothing: number
  log: boolean
  syncKey: string
  marks: readonly number[]
}

/** Curves that belong together, with their values under the crosshair, or the last ones. */
export function CurveChart(props: CurveChartProps) {
  const { plan, table, log, syncKey, marks } = props
  const [row, setRow] = useState<number | null>(null)
  const element = useRef<HTMLDivElement>(null)
  const selected = useMemo(() => selectColumns(table, plan.names), [table, plan])
  const curves = useMemo(() => curvesOf(props, selected), [props, selected])
  const shape: ChartShape = useMemo(
    () => ({ curves, log, syncKey, marks, onCursor: setRow }),
    [curves, log, syncKey, marks],
  )
  useChart(element, selected.steps, shape)
  const step = selected.steps[row ?? selected.steps.length - 1]
  return (
    <figure className="min-w-0 rounded-md border border-line bg-surface p-3" aria-label={plan.title}>
      <figcaption className="mb-2">
        <div className="flex items-baseline justify-between gap-2">
          <span className="font-medium">{plan.title}</span>
          <span className="tabular text-muted text-xs">step {step ?? '–'}</span>
        </div>
        <div className="flex min-h-5 flex-wrap gap-x-4">
          {curves.map((curve) => (
            <LegendEntry key={curve.name} curve={curve} row={row} />
          ))}
        </div>
      </figcaption>
      <div ref={element} style={{ height: chartHeight }} aria-hidden="true" />
      {plan.note !== '' && <p className="mt-2 text-muted text-xs">{plan.note}</p>}
    </figure>
  )
}

const dashes = [[], [5, 4], [2, 3]]
const otherColors = ['var(--ink)', 'var(--muted)']

function curvesOf({ plan, color, smoothing }: CurveChartProps, table: CurveTable): Curve[] {
  return plan.names.map((name, index) => {
    const values = table.columns.get(name) ?? []
    return {
      name,
      color: index === 0 ? color : (otherColors[(index - 1) % otherColors.length] ?? 'var(--ink)'),
      dash: dashes[index % dashes.length] ?? [],
      values,
      smoothed: smoothing > 0 ? smooth(values, smoothing) : null,
      scale: plan.split && index > 0 ? 'right' : 'y',
    }
  })
}

function LegendEntry({ curve, row }: { curve: Curve; row: number | null }) {
  const shown = curve.smoothed ?? curve.values
  const value = row === null ? shown.findLast((candidate) => candidate !== null) : shown[row]
  return (
    <span className="inline-flex items-center gap-1.5 text-xs" title={aboutMetric(curve.name)}>
      <svg aria-hidden="true" width="16" height="4">
        <line
          x1="0"
          x2="16"
          y1="2"
          y2="2"
          stroke={curve.color}
          strokeWidth="2"
          strokeDasharray={curve.dash.join(' ')}
        />
      </svg>
      <span className="text-muted">
        {curve.name}
        {curve.scale === 'right' && ' (right axis)'}
      </span>
      <span className="tabular min-w-12 font-medium">{value == null ? '–' : formatMetric(curve.name, value)}</span>
    </span>
  )
}
