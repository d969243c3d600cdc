import { TemperError } from '@temper/db/contracts'

/** How long an upload may be, bytes: as it is sent, and after unpacking. */
export interface UploadLimits {
  sentBytes: number
  unpackedBytes: number
}

/** Passes the bytes of a file on. Throws `too_large` as soon as there are more of them than one of the limits allows. */
export async function* limited(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  limits: UploadLimits,
  which: keyof UploadLimits,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const piece of bytes) {
    sizeBytes += piece.length
    if (sizeBytes > limits[which]) throw tooLarge(file, limits, which)
    yield piece
  }
}

export function tooLarge(file: string, limits: UploadLimits, which: keyof UploadLimits): TemperError {
  const has = which === 'sentBytes' ? 'is longer' : 'unpacks to more'
  const message = `${file}: ${has} than ${limits[which]} bytes; an upload has at most ${limits.sentBytes} bytes as sent and ${limits.unpackedBytes} unpacked`
  return new TemperError('too_large', message, { details: { file, exceeded: which, ...limits } })
}
