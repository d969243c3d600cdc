import { mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { HubApiError, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import { type ImportedFrom, type ModelSource, selectModelFiles, TemperError } from '@temper/db/contracts'
import { downloadResumed } from './download-resumed.ts'
import type { FetchedModel, FetchOptions } from './fetch-model.ts'

/** A Hugging Face Hub: its address, and a token for what is not open to everyone. */
export interface HubAccess {
  url: string
  token?: string
}

type HubSource = Extract<ModelSource, { type: 'hub' }>

/**
 * Brings the files that a model is read from out of a repository, at one commit, into `dir`. Each is checked by size
 * and digest; a repeated call goes on where an interrupted one stopped.
 * @throws TemperError as `fetchModel`
 */
export async function fetchFromHub(source: HubSource, dir: string, options: FetchOptions): Promise<FetchedModel> {
  const commit = await commitOf(source, options)
  const entries = await filesOf(source, commit, options)
  const target = join(dir, commit)
  await mkdir(target, { recursive: true })
  const fetchAll = (wanted: ListFileEntry[], onProgress?: FetchOptions['onProgress']) =>
    fetchFiles(source, commit, wanted, target, { ...options, onProgress })
  const wanted = await wantedFiles(source, entries, async (entry) => {
    await fetchAll([entry])
    return readFile(join(target, entry.path), 'utf8')
  })
  await fetchAll(wanted, options.onProgress)
  const importedFrom: ImportedFrom = { type: 'hub', repository: source.repository, revision: commit, file: source.file }
  const gguf = wanted.find(({ path }) => path.endsWith('.gguf'))
  return { path: gguf ? join(target, basename(gguf.path)) : target, importedFrom }
}

async function commitOf({ repository, revision = 'main' }: HubSource, options: FetchOptions): Promise<string> {
  const info = await asking(`${repository} at ${revision}`, options, (hub) =>
    modelInfo({ ...hub, name: repository, revision, additionalFields: ['sha'] }),
  )
  if (/^[0-9a-f]{40}$/.test(info.sha)) return info.sha
  throw new TemperError('unavailable', `${options.hub.url} does not say which commit ${repository} is at`)
}

async function filesOf({ repository, file }: HubSource, revision: string, options: FetchOptions) {
  const recursive = file?.includes('/') ?? false
  return asking(repository, options, async (hub) => {
    const entries: ListFileEntry[] = []
    for await (const entry of listFiles({ ...hub, repo: repository, revision, recursive })) {
      if (entry.type === 'file') entries.push(entry)
    }
    return entries
  })
}

async function wantedFiles(
  { repository, file }: HubSource,
  entries: ListFileEntry[],
  read: (entry: ListFileEntry) => Promise<string>,
): Promise<ListFileEntry[]> {
  const entryOf = (path: string) => {
    const entry = entries.find((candidate) => candidate.path === path)
    if (entry) return entry
    throw new TemperError('not_found', `${repository} has no file ${path}`, { details: { repository, file: path } })
  }
  if (file !== undefined) return [entryOf(file)]
  const names = entries.map(({ path }) => path)
  return (await selectModelFiles(repository, names, (name) => read(entryOf(name)))).map(entryOf)
}

async function fetchFiles(
  { repository }: HubSource,
  commit: string,
  entries: ListFileEntry[],
  dir: string,
  { hub, signal, onProgress }: FetchOptions,
): Promise<void> {
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  onProgress?.(0, total)
  for (const { path, size, lfs, oid } of entries) {
    const what = `${path} of ${repository}`
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const url = `${hub.url}/${repository}/resolve/${commit}/${encoded}`
    const digest = lfs ? { sha256: lfs.oid } : oid === undefined ? {} : { gitBlob: oid }
    const file = { what, url, sizeBytes: size, ...digest, headers: authorization(hub) }
    const onBytes = (have: number) => onProgress?.(before + have, total)
    await asking(what, { hub, signal }, () => downloadResumed(file, join(dir, basename(path)), { onBytes, signal }))
    before += size
  }
}

function authorization({ token }: HubAccess): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` }
}

/** What the Hub's package is told at every call. */
interface HubCall {
  hubUrl: string
  fetch: typeof fetch
}

/** Asks the Hub; its refusals, and silence, as errors that say what to do. */
async function asking<T>(
  what: string,
  { hub, signal }: Pick<FetchOptions, 'hub' | 'signal'>,
  work: (call: HubCall) => Promise<T>,
): Promise<T> {
  // Not the package's `accessToken`, which takes tokens of one Hub only.
  const ask: typeof fetch = (url, init) =>
    fetch(url, { ...init, signal, headers: { ...init?.headers, ...authorization(hub) } })
  try {
    return await work({ hubUrl: hub.url, fetch: ask })
  } catch (cause) {
    if (signal?.aborted) throw new TemperError('cancelled', `${what} is not fetched any further`, { cause })
    if (cause instanceof HubApiError) throw refusal(what, hub, cause)
    if (cause instanceof TypeError) throw noAnswer(hub.url, cause)
    throw cause
  }
}

function refusal(what: string, { url, token }: HubAccess, cause: HubApiError): TemperError {
  const { statusCode: status } = cause
  const details = { what, url, status }
  if (status === 404) return new TemperError('not_found', `${url} has no ${what}`, { cause, details })
  if (status !== 401 && status !== 403) {
    const message = `${url} answers ${status} where it is asked for ${what}: ${cause.message}`
    return new TemperError(status < 500 && status !== 429 ? 'unsupported' : 'unavailable', message, { cause, details })
  }
  const has = token === undefined ? 'no HF_TOKEN is set' : 'the HF_TOKEN that is set may not read it'
  const todo = 'accept its terms there, and set HF_TOKEN of the worker to a token that may read it'
  const message = `${url} does not give out ${what}: it is gated or private, and ${has}; ${todo}. Or it does not exist`
  return new TemperError('forbidden', message, { cause, details })
}

/** fetch reports a connection that fails, or breaks off, as a TypeError. */
function noAnswer(url: string, cause: TypeError): TemperError {
  const reason = cause.cause instanceof Error ? cause.cause.message : cause.message
  return new TemperError('unavailable', `${url} does not answer: ${reason}`, { cause, details: { url } })
}
