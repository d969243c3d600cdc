import type { ServingPrecision } from '@temper/db/contracts'
import type { Size } from '../sizes.ts'
import { modelOf } from '../works/model.ts'
import { measurePoint, type PointFigures } from './measure-point.ts'
import { readBandwidth } from './memory.ts'
import { type Point, pointsOf } from './points.ts'

export interface DecodingFigures {
  /** Measured by summing a block of memory in TensorFlow. */
  read_gb_per_s: number
  points: PointFigures[]
}

export interface DecodingOptions {
  size: Size
  precision: ServingPrecision
  runs: number
  /** Those of the model's context unless given. */
  points?: Point[]
  onPoint?: (figures: PointFigures) => void
}

/** How fast a model answers, over batches and lengths of prompts, and how near the memory's limit that is. */
export async function decoding({ size, precision, runs, points, onPoint }: DecodingOptions): Promise<DecodingFigures> {
  const bandwidth = await readBandwidth()
  const model = modelOf(size)
  const subject = { model, tensors: model.initialize(0), precision, bandwidth, runs }
  const measured: PointFigures[] = []
  for (const point of points ?? pointsOf(model)) {
    const figures = await measurePoint(subject, point)
    onPoint?.(figures)
    measured.push(figures)
  }
  return { read_gb_per_s: Number((bandwidth / 1e9).toFixed(2)), points: measured }
}
