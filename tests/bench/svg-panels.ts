export interface Panel {
  title: string
  axis: string
  /** Each has the same x. */
  lines: { name?: string; points: { x: number; y: number }[] }[]
}

const [width, height] = [300, 160]
const [left, top] = [56, 36]
const panelWidth = left + width + 24
/** All are legible on white and on black. */
const ink = '#7f7f7f'
const colours = ['#3d8fd1', '#d1703d', '#3da35d'] as const

/** Line charts side by side. */
export function svgOf(panels: readonly Panel[]): string {
  const whole = panels.length * panelWidth
  const size = `viewBox="0 0 ${whole} ${top + height + 44}" width="${whole}"`
  const drawn = panels.map((panel, i) => `<g transform="translate(${i * panelWidth + left} ${top})">${draw(panel)}</g>`)
  const look = `font-family="sans-serif" font-size="11" fill="${ink}"`
  const about = `<title>${panels.map(({ title }) => title).join('; ')}</title>`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${look}>\n${about}\n${drawn.join('\n')}\n</svg>\n`
}

/** Points stand side by side: their x grow by factors. The y axis begins at 0. */
function draw({ title, axis, lines }: Panel): string {
  const highest = ceiling(Math.max(...lines.flatMap(({ points }) => points.map(({ y }) => y))))
  const xs = lines[0]?.points.map(({ x }) => x) ?? []
  const across = (i: number) => round(xs.length < 2 ? width / 2 : (i * width) / (xs.length - 1))
  const down = (y: number) => round(height - (y / highest) * height)
  return [
    text(0, -16, title, 'start'),
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => gridLine(part * highest, down(part * highest))),
    ...xs.map((x, i) => text(across(i), height + 16, String(x), 'middle')),
    text(width / 2, height + 34, axis, 'middle'),
    ...lines.map(({ name, points }, i) => {
      const colour = colours[i % colours.length] ?? ink
      const at = points.map(({ y }, j) => `${across(j)},${down(y)}`)
      const dots = points.map(({ y }, j) => `<circle cx="${across(j)}" cy="${down(y)}" r="3" fill="${colour}"/>`)
      const label = name === undefined ? '' : `<g fill="${colour}">${text(8, 12 + 14 * i, name, 'start')}</g>`
      return `<polyline points="${at.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`
    }),
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
