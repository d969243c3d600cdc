import type { ByteRange } from '@temper/db/storage'

/**
 * The one range of a `Range` header for `sizeBytes` bytes; undefined for all of them: where there is no header, or one
 * that need not be honoured (several ranges, another unit, not well-formed).
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const match = header?.match(/^bytes=(\d*)-(\d*)$/)
  const [, from = '', to = ''] = match ?? []
  if (from === '' && to === '') return undefined
  if (from === '') {
    // The last so many bytes.
    const count = Number(to)
    if (count === 0 || sizeBytes === 0) return 'unsatisfiable'
    return { first: Math.max(0, sizeBytes - count), last: sizeBytes - 1 }
  }
  const [first, last] = [Number(from), to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1)]
  if (first >= sizeBytes) return 'unsatisfiable'
  return to !== '' && Number(to) < first ? undefined : { first, last }
}
