import type { PackedBatch } from '../data/index.ts'
import type { InputSpec, Inputs, Values } from '../tracing/index.ts'

/** Inputs of a function with their shapes: float32 or int32 by the kind of array. */
export type Feeds = Record<string, { shape: number[]; data: Values }>

/** Which tokens a model reads, inside a function; `parents` where segments continue others. */
export type TokenInputs = Inputs<'ids' | 'positions' | 'segments'> & Partial<Inputs<'parents'>>

/** What `batchFeeds` gives, inside a function. */
export type BatchInputs = TokenInputs & Inputs<'lossPositions' | 'targets' | 'weights'>

/** A packed batch (B, T) as the inputs that model code reads, with vectors and float32 scalars beside it. */
export function batchFeeds(batch: PackedBatch, extra: Record<string, Values | number> = {}): Feeds {
  const { lossPositions, targets, weights } = batch
  return { ...tokenFeeds(batch), ...namedFeeds({ lossPositions, targets, weights, ...extra }) }
}

/** Those of a batch's tokens alone. */
export function tokenFeeds({ rows, rowLength, ids, positions, segments, parents }: PackedBatch): Feeds {
  const grids = { ids, positions, segments, ...(parents && { parents }) }
  return Object.fromEntries(Object.entries(grids).map(([name, data]) => [name, { shape: [rows, rowLength], data }]))
}

/** Vectors and float32 scalars. */
export function namedFeeds(values: Record<string, Values | number>): Feeds {
  const feeds = Object.entries(values).map(([name, value]) => [name, feedOf(value)])
  return Object.fromEntries(feeds)
}

function feedOf(value: Values | number): Feeds[string] {
  return typeof value === 'number'
    ? { shape: [], data: Float32Array.of(value) }
    : { shape: [value.length], data: value }
}

export function feedData(feeds: Feeds): Record<string, Values> {
  return Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data]))
}

export function inputsOf(feeds: Feeds): Record<string, InputSpec> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { shape, dtype: data instanceof Int32Array ? ('int32' as const) : ('float32' as const) },
    ]),
  )
}

/** Stands for shapes: feeds with equal keys share one traced function. */
export function shapeKey(feeds: Feeds): string {
  return Object.entries(feeds)
    .map(([name, { shape }]) => `${name}=${shape.join('x')}`)
    .join(',')
}
