import './valid-language.ts'
import { type RefObject, useEffect, useRef, useState } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { themeEvent } from '#lib/theme.ts'
import { type ChartShape, chartData, chartHeight, chartOptions } from './chart-options.ts'

/** Counts changes of the theme, by the person or by the machine. */
function useThemeVersion(): number {
  const [version, setVersion] = useState(0)
  useEffect(() => {
    const changed = () => setVersion((before) => before + 1)
    const system = window.matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', changed)
    window.addEventListener(themeEvent, changed)
    return () => {
      system.removeEventListener('change', changed)
      window.removeEventListener(themeEvent, changed)
    }
  }, [])
  return version
}

/** Draws curves into an element. New values only move the lines; the chart is made anew where its form changes. */
export function useChart(element: RefObject<HTMLDivElement | null>, steps: number[], shape: ChartShape): void {
  const chart = useRef<UPlot | null>(null)
  const theme = useThemeVersion()
  const latest = useRef({ steps, shape })
  latest.current = { steps, shape }
  const form = JSON.stringify([
    shape.curves.map(({ name, smoothed, values }) => [name, smoothed !== null, values.length < 40]),
    shape.band,
    shape.log,
    shape.marks,
    shape.syncKey,
    theme,
  ])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `form` says when the options differ
  useEffect(() => {
    const target = element.current
    if (target === null) return
    const now = latest.current
    const made = new UPlot(chartOptions(target, now.shape), chartData(now.steps, now.shape.curves), target)
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height: chartHeight }))
    observer.observe(target)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [element, form])
  useEffect(() => {
    chart.current?.setData(chartData(steps, shape.curves))
  }, [steps, shape])
}
