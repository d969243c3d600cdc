import { endedImportStates, errorCodes, type ModelImport, modelImportSchema, TemperError } from '@temper/db/contracts'
import type { ApiClient } from '../api/client.ts'
import { follow } from '../api/follow.ts'
import { newIdempotencyKey } from '../api/idempotency-key.ts'
import type { Output } from '../output.ts'
import type { FoundSource } from './find-source.ts'
import { createProgressLine } from './progress-line.ts'
import { sendFiles } from './send-files.ts'

/**
 * Adds a model and shows how far that is, to its end. Ctrl-C stops it on the server too. Files that an earlier try has
 * sent are not sent again.
 * @throws TemperError with what was wrong with the model; cancelled
 */
export async function addModel(
  api: ApiClient,
  { source, name, folder }: FoundSource,
  out: Output,
): Promise<ModelImport> {
  const line = createProgressLine(out)
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  let begun: ModelImport | undefined
  try {
    begun = (await earlierTry(api, { name, source })) ?? (await begin(api, { name, source }))
    stop.signal.throwIfAborted()
    const onProgress = (done: number, total: number) => line.show({ phase: 'sending', done, total })
    if (folder !== undefined) await sendFiles(api, begun, folder, { onProgress, signal: stop.signal })
    return await watch(api, begun.id, out, line, stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    if (begun !== undefined) await api.send(`/v1/imports/${begun.id}`, { method: 'DELETE' })
    throw new TemperError('cancelled', `stopped; nothing of ${name} was kept`)
  } finally {
    process.removeListener('SIGINT', interrupt)
    line.end()
  }
}

type Wanted = Pick<FoundSource, 'name' | 'source'>

function begin(api: ApiClient, wanted: Wanted): Promise<ModelImport> {
  return api.post('/v1/imports', wanted, modelImportSchema, newIdempotencyKey())
}

/** An import of the same files under the same name that still waits for some of them. */
async function earlierTry(api: ApiClient, { name, source }: Wanted): Promise<ModelImport | undefined> {
  if (source.type !== 'files') return undefined
  const uploading = await api.list('/v1/imports?state=uploading', modelImportSchema)
  return uploading.find((other) => other.name === name && JSON.stringify(other.source) === JSON.stringify(source))
}

async function watch(
  api: ApiClient,
  id: string,
  out: Output,
  line: ReturnType<typeof createProgressLine>,
  signal: AbortSignal,
): Promise<ModelImport> {
  for await (const document of follow(api, `/v1/imports/${id}/events`, signal)) {
    const event = modelImportSchema.parse(document)
    if (out.isJson) out.document(event, () => '')
    if (event.progress && !endedImportStates.includes(event.state)) line.show(event.progress)
    if (event.state === 'done') return event
    if (event.state === 'cancelled') throw new TemperError('cancelled', `import ${id} was stopped`)
    if (event.state === 'failed') throw failureOf(event)
  }
  throw new TemperError('cancelled', `import ${id} is not followed any further`)
}

function failureOf({ id, failure }: ModelImport): TemperError {
  const code = errorCodes.find((known) => known === failure?.code) ?? 'internal'
  return new TemperError(code, failure?.message ?? `import ${id} failed`, { details: failure?.details })
}
