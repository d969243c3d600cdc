import type { MetricPoint } from '@temper/db/contracts'

/** Every curve of `points` (in the order of stage, name, step) thinned to at most `maxPoints`. */
export function downsample(points: MetricPoint[], maxPoints: number): MetricPoint[] {
  const curves = new Map<string, MetricPoint[]>()
  for (const point of points) {
    const curve = curves.get(`${point.stage} ${point.name}`)
    if (curve === undefined) curves.set(`${point.stage} ${point.name}`, [point])
    else curve.push(point)
  }
  return [...curves.values()].flatMap((curve) => thinCurve(curve, maxPoints))
}

/**
 * Keeps the points that carry a curve's shape: first, last, and from each of `maxPoints − 2` equal buckets the one that
 * spans the largest triangle with the point kept before and the mean of the next bucket, so that peaks stay
 * (Steinarsson, "Downsampling Time Series for Visual Representation", 2013).
 */
export function thinCurve(curve: MetricPoint[], maxPoints: number): MetricPoint[] {
  const [first, last] = [curve[0], curve.at(-1)]
  if (curve.length <= maxPoints || maxPoints < 3 || first === undefined || last === undefined) return curve
  const inner = curve.slice(1, -1)
  const bucketOf = (n: number) =>
    inner.slice(
      Math.floor((n * inner.length) / (maxPoints - 2)),
      Math.floor(((n + 1) * inner.length) / (maxPoints - 2)),
    )
  const kept = [first]
  let before = first
  for (let n = 0; n < maxPoints - 2; n++) {
    const next = n === maxPoints - 3 ? [last] : bucketOf(n + 1)
    before = largestTriangle(before, bucketOf(n), meanOf(next))
    kept.push(before)
  }
  return [...kept, last]
}

interface Point {
  step: number
  value: number
}

function largestTriangle(before: MetricPoint, bucket: MetricPoint[], after: Point): MetricPoint {
  let [best, bestArea] = [bucket[0] ?? before, -1]
  for (const point of bucket) {
    const area = Math.abs(
      (before.step - after.step) * (point.value - before.value) -
        (before.step - point.step) * (after.value - before.value),
    )
    if (area > bestArea) [best, bestArea] = [point, area]
  }
  return best
}

function meanOf(points: Point[]): Point {
  const sum = points.reduce((total, { step, value }) => ({ step: total.step + step, value: total.value + value }), {
    step: 0,
    value: 0,
  })
  return { step: sum.step / points.length, value: sum.value / points.length }
}
