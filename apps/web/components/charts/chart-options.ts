import type uPlot from 'uplot'
import { formatNumber } from '#lib/format.ts'
import { resolveColor } from '#lib/theme.ts'

/** One curve: raw values, and their moving average where smoothing is on. */
export interface Curve {
  /** Distinct on its chart; what the legend says. */
  name: string
  metric: string
  /** A CSS colour, variables included. */
  color: string
  dash: number[]
  values: (number | null)[]
  smoothed: (number | null)[] | null
  scale: 'y' | 'right'
}

export interface ChartShape {
  curves: Curve[]
  /** Names of the curves between which the chart is shaded. */
  band: readonly [low: string, high: string] | null
  log: boolean
  /** Charts of one key share their crosshair. */
  syncKey: string
  /** Steps at which the stage was resumed after a kill. */
  marks: readonly number[]
  onCursor: (row: number | null) => void
}

export const chartHeight = 208

/** uPlot's options for the colours that the page has now. */
export function chartOptions(element: HTMLElement, shape: ChartShape): uPlot.Options {
  const color = (css: string) => resolveColor(element, css)
  const isPositive = (scale: string) =>
    shape.curves.every((curve) => curve.scale !== scale || curve.values.every((value) => value === null || value > 0))
  // A logarithm knows no zero and nothing below: there the arcsinh scale takes its place.
  const scaleOf = (scale: string): uPlot.Scale => (shape.log ? { distr: isPositive(scale) ? 3 : 4 } : {})
  const hasRight = shape.curves.some((curve) => curve.scale === 'right')
  return {
    width: element.clientWidth,
    height: chartHeight,
    legend: { show: false },
    padding: [8, hasRight ? 0 : 8, 0, 0],
    scales: { x: { time: false }, y: scaleOf('y'), ...(hasRight ? { right: scaleOf('right') } : {}) },
    cursor: { sync: { key: shape.syncKey, setSeries: false }, drag: { x: true, y: false }, points: { size: 6 } },
    axes: axesOf(shape, color, hasRight),
    series: [{}, ...shape.curves.flatMap((curve) => seriesOf(curve, color))],
    bands: bandsOf(shape, color('color-mix(in srgb, var(--ink) 9%, transparent)')),
    hooks: {
      setCursor: [(chart) => shape.onCursor(chart.cursor.idx ?? null)],
      draw: [(chart) => drawMarks(chart, shape.marks, color('var(--line-strong)'))],
    },
  }
}

/** Columns in the order of the series. */
export function chartData(steps: number[], curves: Curve[]): uPlot.AlignedData {
  return [steps, ...curves.flatMap(({ values, smoothed }) => (smoothed === null ? [values] : [values, smoothed]))]
}

/** Steps are whole. */
const stepIncrements = [1, 10, 100, 1000, 10_000, 100_000].flatMap((power) => [power, 2 * power, 5 * power])

type Resolve = (css: string) => string

function axesOf(shape: ChartShape, color: Resolve, hasRight: boolean): uPlot.Axis[] {
  const common = {
    stroke: color('var(--muted)'),
    font: '11px "Inter Variable", sans-serif',
    grid: { stroke: color('var(--line)'), width: 1 },
    ticks: { show: false },
  }
  const values = (_: uPlot, splits: (number | null)[]) => splits.map((split) => (split === null ? '' : short(split)))
  const own = (scale: string) =>
    hasRight ? color(shape.curves.find((curve) => curve.scale === scale)?.color ?? '') : common.stroke
  const y: uPlot.Axis = { ...common, scale: 'y', size: 48, gap: 4, values, stroke: own('y') }
  const right: uPlot.Axis = { ...y, scale: 'right', side: 1, grid: { show: false }, stroke: own('right') }
  return [{ ...common, size: 28, gap: 4, incrs: stepIncrements }, y, ...(hasRight ? [right] : [])]
}

/** Axis labels: as short as the number allows. */
function short(value: number): string {
  return Math.abs(value) >= 0.001 && Math.abs(value) < 100_000
    ? String(Number(value.toPrecision(4))).replace('-', '−')
    : formatNumber(value)
}

function seriesOf(curve: Curve, color: Resolve): uPlot.Series[] {
  const stroke = color(curve.color)
  const line = { scale: curve.scale, stroke, width: 1.75, dash: curve.dash, spanGaps: true, points: { show: false } }
  const count = curve.values.filter((value) => value !== null).length
  const points = { show: count < 40, size: 5, fill: stroke }
  if (curve.smoothed === null) return [{ ...line, points }]
  return [{ ...line, width: 1, alpha: 0.3 }, line]
}

/** Between the lines that are drawn in full: the averages where there are some. */
function bandsOf({ curves, band }: ChartShape, fill: string): uPlot.Band[] {
  if (band === null) return []
  const seriesPerCurve = curves.some(({ smoothed }) => smoothed !== null) ? 2 : 1
  const indexOf = (name: string) => (curves.findIndex((curve) => curve.name === name) + 1) * seriesPerCurve
  return [{ series: [indexOf(band[1]), indexOf(band[0])], fill }]
}

function drawMarks(chart: uPlot, marks: readonly number[], stroke: string): void {
  const { ctx, bbox } = chart
  ctx.save()
  ctx.strokeStyle = stroke
  ctx.setLineDash([3, 3])
  for (const step of marks) {
    const x = Math.round(chart.valToPos(step, 'x', true))
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}
