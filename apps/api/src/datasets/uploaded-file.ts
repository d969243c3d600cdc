import { pipeline, Readable } from 'node:stream'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { TemperError } from '@temper/db/contracts'
import { limited, tooLarge, type UploadLimits } from './upload-limits.ts'

/** A file on its way in: its bytes are read once, as they arrive. */
export interface UploadedFile {
  file: string
  bytes: AsyncIterable<Uint8Array>
}

/**
 * The body of a request, called `file`, or the field `file` of its form. Throws `too_large`, here or while the bytes are
 * read, and `invalid_input` for a form that breaks off or has no file.
 */
export async function uploadedFile(request: Request, file: string, limits: UploadLimits): Promise<UploadedFile> {
  if (Number(request.headers.get('Content-Length')) > limits.sentBytes) throw tooLarge(file, limits, 'sentBytes')
  const bytes = limited(request.body ?? Readable.from([]), file, limits, 'sentBytes')
  const type = request.headers.get('Content-Type') ?? ''
  return type.startsWith('multipart/form-data') ? fileOfForm(bytes, openForm(type)) : { file, bytes }
}

function openForm(type: string): BusboyInstance {
  try {
    return new Busboy({ headers: { 'content-type': type } })
  } catch (cause) {
    throw badForm(cause)
  }
}

/** Answers when the file begins; the form is read on as the file is. */
function fileOfForm(body: AsyncIterable<Uint8Array>, form: BusboyInstance): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    let found: Readable | undefined
    form.on('file', (field, bytes, file) => {
      // Whoever reads the bytes learns of errors; one before that must not end the process.
      bytes.on('error', () => undefined)
      if (field !== 'file' || found !== undefined) {
        bytes.resume()
        return
      }
      found = bytes
      // Read to its end, or given up: nothing else of the form is wanted.
      bytes.once('close', () => form.destroy())
      resolve({ file, bytes: partOfForm(bytes) })
    })
    pipeline(body, form, (error) => {
      found?.destroy(error ?? undefined)
      reject(error ? badForm(error) : noFile())
    })
  })
}

async function* partOfForm(bytes: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (cause) {
    throw badForm(cause)
  }
}

function badForm(cause: unknown): TemperError {
  if (cause instanceof TemperError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TemperError('invalid_input', `the form cannot be read: ${reason}`, { cause })
}

function noFile(): TemperError {
  return new TemperError('invalid_input', "the form has no file in its field 'file'", { details: { key: 'file' } })
}
