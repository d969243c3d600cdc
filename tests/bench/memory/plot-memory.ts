import { type Panel, svgOf } from '../svg-panels.ts'
import type { MemoryFigures } from './memory.ts'

/** Two panels as SVG: MiB over the row's length by form of attention, and over trained tokens by form of the head. */
export function plotMemory(figures: readonly MemoryFigures[]): string {
  const panel = (part: MemoryFigures['part'], title: string, axis: string): Panel => {
    const points = figures.filter((point) => point.part === part)
    const forms = [...new Set(points.map(({ form }) => form))]
    const lines = forms.map((form) => ({
      name: form,
      points: points.filter((point) => point.form === form).map(({ length, peak_mib }) => ({ x: length, y: peak_mib })),
    }))
    return { title, axis, lines }
  }
  return svgOf([
    panel('attention', 'attention: peak of a step, MiB', 'row, tokens'),
    panel('head', 'LM head, 50,257 tokens: peak, MiB', 'trained tokens'),
  ])
}
