import { z } from 'zod'

/** Ids carry their kind, so that a wrong one is seen at once: `run_…`, `ckpt_…`. */
export const idPrefixes = {
  dataset: 'ds',
  run: 'run',
  checkpoint: 'ckpt',
  comparison: 'cmp',
  vote: 'vote',
  evaluation: 'eval',
  import: 'imp',
  key: 'key',
  member: 'mem',
} as const

export type IdKind = keyof typeof idPrefixes

/** `prefix_` and 20 characters of lower-case base 32. */
export function idSchema(kind: IdKind) {
  return z.string().regex(new RegExp(`^${idPrefixes[kind]}_[a-z2-7]{20}$`), `expected an id like ${idPrefixes[kind]}_…`)
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** An id from 20 or more bytes: random ones for new things, a digest for things named by their content. */
export function idFromBytes(kind: IdKind, bytes: Uint8Array): string {
  const letters = Array.from(bytes.subarray(0, 20), (byte) => alphabet[byte & 31])
  return `${idPrefixes[kind]}_${letters.join('')}`
}

export function newId(kind: IdKind): string {
  return idFromBytes(kind, crypto.getRandomValues(new Uint8Array(20)))
}
