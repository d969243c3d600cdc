import type { Storage } from '../tracing/index.ts'

/** What weights that are kept so are multiplied in, and what the cache is kept in: int8 are weights alone. */
export function decodingPrecision(weights: Storage): 'fp32' | 'bf16' {
  return weights === 'int8' ? 'fp32' : weights
}
