import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TemperError } from '@temper/db/contracts'
import { peek } from './peek.ts'
import { refuse } from './refuse.ts'

/** The bytes, unpacked where the first two say that they are gzip. Throws `invalid_dataset` where that is damaged. */
export async function* unpack(bytes: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  let takenBytes = 0
  const { taken, all } = await peek(bytes, (piece) => {
    takenBytes += piece.length
    return takenBytes >= 2
  })
  const [first, second] = Buffer.concat(taken)
  yield* first === 0x1f && second === 0x8b ? gunzip(all, file) : all
}

async function* gunzip(packed: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  // Whoever reads the unpacked bytes learns of errors.
  const unpacked = pipeline(packed, createGunzip(), () => undefined)
  try {
    yield* unpacked
  } catch (cause) {
    if (cause instanceof TemperError || !(cause instanceof Error)) throw cause
    throw refuse(file, `is not whole as gzip: ${cause.message}`, { cause })
  }
}
