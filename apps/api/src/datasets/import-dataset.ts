import { type Dataset, type DatasetKind, TemperError } from '@temper/db/contracts'
import { registerDataset, sharingStore } from '@temper/db/queries'
import { parseDataset } from '@temper/engine/data'
import type { Dependencies } from '../dependencies.ts'

interface Upload {
  name: string
  kind?: DatasetKind | undefined
  /** As the uploader calls it; its ending tells JSONL from text. */
  file?: string | undefined
}

/**
 * Reads an uploaded file into rows and registers them; all or nothing. Throws `invalid_dataset` with file and line of
 * the rows that are not as they should be.
 */
export async function importDataset({ db, store }: Dependencies, request: Request, upload: Upload): Promise<Dataset> {
  const { bytes, file } = await uploadedFile(request, upload.file ?? upload.name)
  const { kind, rows, jsonl } = parseDataset(bytes, { file, kind: upload.kind })
  return sharingStore(db, async () => {
    const artifact = await store.put(Buffer.from(jsonl))
    return registerDataset(db, { ...artifact, name: upload.name, kind, rows: rows.length, source: 'upload' })
  })
}

/** The body itself, or the field `file` of a form. */
async function uploadedFile(request: Request, file: string): Promise<{ bytes: Uint8Array; file: string }> {
  if (!request.headers.get('Content-Type')?.startsWith('multipart/form-data')) {
    return { bytes: new Uint8Array(await request.arrayBuffer()), file }
  }
  const field = (await request.formData()).get('file')
  if (field instanceof File) return { bytes: new Uint8Array(await field.arrayBuffer()), file: field.name }
  throw new TemperError('invalid_input', "the form has no file in its field 'file'", { details: { key: 'file' } })
}
