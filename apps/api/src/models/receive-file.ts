import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type CheckpointFile, TemperError } from '@temper/db/contracts'
import { addImportFile, getImport, removeUnusedFiles, sharingStore } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'

/** As the sender describes the file. */
interface Sent {
  name: string
  sha256?: string | undefined
}

/**
 * Streams an announced file into the store, and notes it. Bytes of another size or digest are not kept.
 * @throws TemperError conflict where the import takes no files, invalid_input for an unannounced file or other bytes
 */
export async function receiveFile(
  { db, store }: Dependencies,
  importId: string,
  sent: Sent,
  bytes: ReadableStream<Uint8Array> | null,
): Promise<CheckpointFile> {
  const sizeBytes = await announcedSize({ db }, importId, sent.name)
  const checked = asAnnounced(bytes ?? Readable.from([]), sent, sizeBytes)
  const file = { path: sent.name, ...(await store.put(Readable.from(checked))) }
  try {
    const replaced = await sharingStore(db, () => note({ db, store }, importId, file))
    await removeUnusedFiles(db, store, replaced === undefined ? [] : [replaced])
  } catch (error) {
    await removeUnusedFiles(db, store, [file.sha256])
    throw error
  }
  return file
}

/** The store was not held while the bytes came: whoever removed unused ones may have taken them for such. */
async function note({ db, store }: Pick<Dependencies, 'db' | 'store'>, importId: string, file: CheckpointFile) {
  if ((await store.sizeOf(file.sha256)) !== undefined) return addImportFile(db, importId, file)
  throw new TemperError('unavailable', `${file.path} was not kept; send it again`)
}

async function announcedSize({ db }: Pick<Dependencies, 'db'>, importId: string, name: string): Promise<number> {
  const { state, source } = await getImport(db, importId)
  if (state !== 'uploading') {
    throw new TemperError('conflict', `import '${importId}' is ${state}: it takes no files`, { details: { state } })
  }
  const found = source.type === 'files' ? source.files.find(({ path }) => path === name) : undefined
  if (found) return found.sizeBytes
  throw new TemperError('invalid_input', `${name} was not announced`, { details: { file: name } })
}

/** Passes bytes on, and throws at the first too many, and at the end where they are too few or others. */
async function* asAnnounced(bytes: AsyncIterable<Uint8Array>, { name, sha256 }: Sent, sizeBytes: number) {
  const hash = createHash('sha256')
  let have = 0
  for await (const piece of bytes) {
    have += piece.length
    if (have > sizeBytes) throw otherThanAnnounced(name, 'size', `more than ${sizeBytes} bytes`, `${sizeBytes} bytes`)
    hash.update(piece)
    yield piece
  }
  if (have !== sizeBytes) throw otherThanAnnounced(name, 'size', `${have} bytes`, `${sizeBytes} bytes`)
  const actual = hash.digest('hex')
  if (sha256 !== undefined && actual !== sha256) throw otherThanAnnounced(name, 'sha256', actual, sha256)
}

function otherThanAnnounced(file: string, what: string, actual: string, expected: string): TemperError {
  const message = `${file} arrived with the ${what} ${actual}, announced was ${expected}`
  return new TemperError('invalid_input', message, { details: { file, actual, expected } })
}

/** @throws TemperError too_large for files that are together larger than this installation takes */
export function refuseTooLarge(files: { sizeBytes: number }[], maxBytes: number): void {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (sizeBytes <= maxBytes) return
  const message = `the files have ${sizeBytes} bytes together; this installation takes ${maxBytes}`
  throw new TemperError('too_large', message, { details: { sizeBytes, maxBytes } })
}
