import type { PointFigures } from './measure-point.ts'

interface Panel {
  title: string
  axis: string
  points: { x: number; y: number }[]
}

const [width, height] = [300, 160]
const [left, top] = [56, 36]
const panelWidth = left + width + 24
/** Both are legible on white and on black. */
const [ink, accent] = ['#7f7f7f', '#3d8fd1']

/** Two panels as SVG: tokens a second over the batch, and time to the first token over the prompt's length. */
export function plot(figures: readonly PointFigures[]): string {
  const shortest = Math.min(...figures.map((point) => point.prompt_length))
  const batches = figures.filter((point) => point.prompt_length === shortest)
  const lengths = figures.filter((point) => point.batch === 1)
  const panels: Panel[] = [
    { title: 'tokens/s', axis: 'batch', points: batches.map((point) => ({ x: point.batch, y: point.tokens_per_s })) },
    {
      title: 'time to first token, ms',
      axis: 'prompt, tokens',
      points: lengths.map((point) => ({ x: point.prompt_length, y: point.first_token_ms })),
    },
  ]
  const size = `viewBox="0 0 ${2 * panelWidth} ${top + height + 44}" width="${2 * panelWidth}"`
  const drawn = panels.map((panel, i) => `<g transform="translate(${i * panelWidth + left} ${top})">${draw(panel)}</g>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11" fill="${ink}">\n${drawn.join('\n')}\n</svg>\n`
}

/** Points stand side by side: their x grow by factors. The y axis begins at 0. */
function draw({ title, axis, points }: Panel): string {
  const highest = ceiling(Math.max(...points.map(({ y }) => y)))
  const across = (i: number) => round(points.length < 2 ? width / 2 : (i * width) / (points.length - 1))
  const down = (y: number) => round(height - (y / highest) * height)
  const at = points.map(({ y }, i) => `${across(i)},${down(y)}`)
  return [
    text(0, -16, title, 'start'),
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => gridLine(part * highest, down(part * highest))),
    ...points.map(({ x }, i) => text(across(i), height + 16, String(x), 'middle')),
    text(width / 2, height + 34, axis, 'middle'),
    `<polyline points="${at.join(' ')}" fill="none" stroke="${accent}" stroke-width="2"/>`,
    ...points.map(({ y }, i) => `<circle cx="${across(i)}" cy="${down(y)}" r="3" fill="${accent}"/>`),
  ].join('')
}

function gridLine(value: number, y: number): string {
  const line = `<path d="M0 ${y}H${width}" stroke="${ink}" stroke-opacity="0.3"/>`
  return line + text(-8, y + 4, String(Number(value.toPrecision(3))), 'end')
}

function text(x: number, y: number, value: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${value}</text>`
}

/** The next number above of the form 1, 2, 4 or 8 times a power of ten. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 4, 8].find((step) => step * power >= value) ?? 10)
}

const round = (value: number) => Number(value.toFixed(1))
