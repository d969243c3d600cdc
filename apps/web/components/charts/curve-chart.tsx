'use client'

import { useMemo, useRef, useState } from 'react'
import { aboutMetric } from '#lib/curves.ts'
import { formatMetric } from '#lib/stage-words.ts'
import { type ChartShape, type Curve, chartHeight } from './chart-options.ts'
import { MetricReadings } from './metric-readings.tsx'
import { useChart } from './use-chart.ts'

interface CurveChartProps {
  title: string
  /** Of the values of all curves. */
  steps: number[]
  curves: Curve[]
  band?: ChartShape['band']
  log: boolean
  syncKey: string
  marks: readonly number[]
}

const noBand = null

/** Curves that belong together, their values under the crosshair, or the last ones, and how to read them. */
export function CurveChart({ title, steps, curves, band = noBand, log, syncKey, marks }: CurveChartProps) {
  const [row, setRow] = useState<number | null>(null)
  const element = useRef<HTMLDivElement>(null)
  const shape: ChartShape = useMemo(
    () => ({ curves, band, log, syncKey, marks, onCursor: setRow }),
    [curves, band, log, syncKey, marks],
  )
  useChart(element, steps, shape)
  const step = steps[row ?? steps.length - 1]
  return (
    <figure className="min-w-0 rounded-md border border-line bg-surface p-3" aria-label={title}>
      <figcaption className="mb-2">
        <div className="flex items-baseline justify-between gap-2">
          <span className="font-medium">{title}</span>
          <span className="tabular text-muted text-xs">step {step ?? '–'}</span>
        </div>
        <div className="flex min-h-5 flex-wrap gap-x-4">
          {curves.map((curve) => (
            <LegendEntry key={curve.name} curve={curve} row={row} />
          ))}
        </div>
      </figcaption>
      <div ref={element} style={{ height: chartHeight }} aria-hidden="true" />
      <MetricReadings names={[...new Set(curves.map(({ metric }) => metric))]} />
    </figure>
  )
}

function LegendEntry({ curve, row }: { curve: Curve; row: number | null }) {
  const shown = curve.smoothed ?? curve.values
  const value = row === null ? shown.findLast((candidate) => candidate !== null) : shown[row]
  return (
    <span className="inline-flex items-center gap-1.5 text-xs" title={aboutMetric(curve.metric)}>
      <svg aria-hidden="true" width="22" height="4">
        <line
          x1="0"
          x2="22"
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
      <span className="tabular min-w-12 font-medium">{value == null ? '–' : formatMetric(curve.metric, value)}</span>
    </span>
  )
}
