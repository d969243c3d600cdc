import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Dataset, DatasetKind } from '@temper/db/contracts'
import { registerDataset, sharingStore } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { type RowsRead, readRows } from './read-rows.ts'
import { withScratchFile } from './scratch-file.ts'
import { unpack } from './unpack.ts'
import { limited } from './upload-limits.ts'
import { uploadedFile } from './uploaded-file.ts'

/** Characters that are written at once. */
const writeLength = 65_536

interface Upload {
  name: string
  kind?: DatasetKind | undefined
  /** As the uploader calls it; its ending tells JSONL from text. */
  file?: string | undefined
}

/**
 * Reads an uploaded file into rows as it comes in, and registers them; all or nothing. Throws `invalid_dataset` with
 * file and line of the rows that are not as they should be, `too_large`, and `invalid_input` for a form without a file.
 */
export async function importDataset(
  { db, store, uploadLimits }: Dependencies,
  request: Request,
  upload: Upload,
): Promise<Dataset> {
  const { file, bytes } = await uploadedFile(request, upload.file ?? upload.name, uploadLimits)
  const content = limited(unpack(bytes, file), file, uploadLimits, 'unpackedBytes')
  // The store is not held while a slow connection sends: rows wait for their end in a file of their own.
  return withScratchFile(async (scratch) => {
    const { kind, rows } = await pipeline(content, (bytes) =>
      write(readRows(bytes, { file, kind: upload.kind }), scratch),
    )
    return sharingStore(db, async () => {
      const artifact = await store.put(scratch.createReadStream({ start: 0, autoClose: false }))
      return registerDataset(db, { ...artifact, name: upload.name, kind, rows, source: 'upload' })
    })
  })
}

/** Writes what is read, and answers what reading it answers. */
async function write(reading: AsyncGenerator<string, RowsRead, undefined>, to: FileHandle): Promise<RowsRead> {
  for (let waiting = ''; ; ) {
    const next = await reading.next()
    if (!next.done) waiting += next.value
    if (next.done || waiting.length >= writeLength) {
      await to.appendFile(waiting)
      waiting = ''
    }
    if (next.done) return next.value
  }
}
