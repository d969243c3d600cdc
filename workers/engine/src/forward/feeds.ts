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
  const grid = [batch.rows, batch.rowLength]
  const feeds: Feeds = {
    ids: { shape: grid, data: batch.ids },
    positions: { shape: grid, data: batch.positions },
    segments: { shape: grid, data: batch.segments },
    ...(batch.parents ? { parents: { shape: grid, data: batch.parents } } : {}),
    lossPositions: vector(batch.lossPositions),
    targets: vector(batch.targets),
    weights: vector(batch.weights),
  }
  for (const [name, value] of Object.entries(extra)) {
    feeds[name] = typeof value === 'number' ? { shape: [], data: Float32Array.of(value) } : vector(value)
  }
  return feeds
}

function vector(data: Values) {
  return { shape: [data.length], data }
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
