import {
  errorBodySchema,
  type ModelImport,
  type ModelSource,
  modelImportSchema,
  selectModelFiles,
  TemperError,
} from '@temper/db/contracts'
import { send } from './api.ts'

/** Files that make up a model, and what they are announced as. */
export interface ChosenFiles {
  source: Extract<ModelSource, { type: 'files' }>
  files: File[]
}

/** Of the files that somebody chose, those of the model. Throws what is wrong with them. */
export async function chooseModelFiles(chosen: readonly File[]): Promise<ChosenFiles> {
  // Of a folder, what lies in it, and not in folders below.
  const near = chosen.filter((file) => file.webkitRelativePath.split('/').length <= 2)
  const fileOf = (name: string) => {
    const file = near.find((candidate) => candidate.name === name)
    if (file) return file
    throw new TemperError('invalid_input', `${name} was not chosen`)
  }
  const folder = near[0]?.webkitRelativePath.split('/')[0] || 'the folder'
  const names = near.map(({ name }) => name)
  const files = (await selectModelFiles(folder, names, (name) => fileOf(name).text())).map(fileOf)
  return { source: { type: 'files', files: files.map(({ name, size }) => ({ path: name, sizeBytes: size })) }, files }
}

export async function createImport(name: string, source: ModelSource): Promise<ModelImport> {
  const created = await send('POST', '/v1/imports', { name, source }, crypto.randomUUID())
  return modelImportSchema.parse(await created.json())
}

/**
 * Sends every file and lets the import begin. `onBytes` hears how many bytes of all files are there.
 * @throws what the signal was aborted with, or that the connection was lost, once it is aborted
 */
export async function sendModel(
  { id }: ModelImport,
  files: readonly File[],
  signal: AbortSignal,
  onBytes: (done: number) => void,
): Promise<void> {
  let before = 0
  for (const file of files) {
    signal.throwIfAborted()
    await put(`/v1/imports/${id}/files/${file.name}`, file, signal, (done) => onBytes(before + done))
    before += file.size
  }
  await send('POST', `/v1/imports/${id}/start`)
}

/** Not by fetch, which does not tell how much of a body has been sent. */
function put(path: string, file: File, signal: AbortSignal, onBytes: (done: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const fail = () => reject(new TemperError('unavailable', `${file.name} could not be sent: the connection was lost`))
    request.open('PUT', path)
    request.upload.onprogress = ({ loaded }) => onBytes(loaded)
    request.onerror = fail
    request.onabort = fail
    request.onload = () => (request.status === 200 ? resolve() : reject(refusal(file.name, request)))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

function refusal(name: string, { status, responseText }: XMLHttpRequest): TemperError {
  const body = errorBodySchema.safeParse(JSON.parse(responseText || 'null'))
  if (body.success) return new TemperError(body.data.code, body.data.message, { details: body.data.details })
  return new TemperError('unavailable', `${name} could not be sent: the server answered ${status}`)
}
