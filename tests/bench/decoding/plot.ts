import { svgOf } from '../svg-panels.ts'
import type { PointFigures } from './measure-point.ts'

/** Two panels as SVG: tokens a second over the batch, and time to the first token over the prompt's length. */
export function plot(figures: readonly PointFigures[]): string {
  const shortest = Math.min(...figures.map((point) => point.prompt_length))
  const batches = figures.filter((point) => point.prompt_length === shortest)
  const lengths = figures.filter((point) => point.batch === 1)
  return svgOf([
    {
      title: 'tokens/s',
      axis: 'batch',
      lines: [{ points: batches.map((point) => ({ x: point.batch, y: point.tokens_per_s })) }],
    },
    {
      title: 'time to first token, ms',
      axis: 'prompt, tokens',
      lines: [{ points: lengths.map((point) => ({ x: point.prompt_length, y: point.first_token_ms })) }],
    },
  ])
}
