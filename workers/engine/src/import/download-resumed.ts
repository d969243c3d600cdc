import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { HubApiError } from '@huggingface/hub'
import { TemperError } from '@temper/db/contracts'
import { sha256Of } from '../checkpoint/manifest.ts'

/** A file on a server, with what is known of its bytes. */
export interface RemoteFile {
  /** For messages. */
  what: string
  url: string
  headers: Record<string, string>
  sizeBytes: number
  sha256?: string
  /** sha1 of a Git object, where there is no other digest. */
  gitBlob?: string
}

interface DownloadOptions {
  /** Called with how many bytes are there. */
  onBytes: (have: number) => void
  signal?: AbortSignal
}

/**
 * Downloads a file to `target`, going on behind what an earlier try left, and after a broken connection as long as each
 * brings more bytes. The file gets its name once size and digest are right. Where the bytes of an earlier try make the
 * digest wrong, all are fetched once more.
 * @throws HubApiError for a refusal, TypeError where the connection fails, TemperError unavailable where an answer of
 * untold length ends early, invalid_checkpoint for other bytes
 */
export async function downloadResumed(file: RemoteFile, target: string, options: DownloadOptions): Promise<void> {
  if ((await sizeOf(target)) !== file.sizeBytes) {
    const partial = `${target}.part`
    const isResumed = (await sizeOf(partial)) !== undefined
    let refusal = await fetchChecked(file, partial, options)
    // A crash may have damaged what it left: only bytes that all came just now say what the server has.
    if (refusal && isResumed) refusal = await fetchChecked(file, partial, options)
    if (refusal) throw refusal
    await rename(partial, target)
  }
  options.onBytes(file.sizeBytes)
}

/** Fetches what is missing of a file. Where its bytes are not those of the list, removes them and says so. */
async function fetchChecked(
  file: RemoteFile,
  partial: string,
  options: DownloadOptions,
): Promise<TemperError | undefined> {
  while (await isRestMissing(file, partial, options)) options.signal?.throwIfAborted()
  const refusal = await otherBytes(file, partial)
  if (refusal) await rm(partial)
  return refusal
}

/** Fetches what is missing; true where the connection broke off after some of it. */
async function isRestMissing(file: RemoteFile, partial: string, options: DownloadOptions): Promise<boolean> {
  const before = (await sizeOf(partial)) ?? 0
  if (before >= file.sizeBytes && before > 0) return false
  try {
    await fetchRest(file, partial, before, options)
    return false
  } catch (error) {
    const isBroken = error instanceof TypeError && ((await sizeOf(partial)) ?? 0) > before
    if (!isBroken) throw error
    return true
  }
}

async function fetchRest(file: RemoteFile, partial: string, have: number, options: DownloadOptions): Promise<void> {
  const range: Record<string, string> = have > 0 ? { Range: `bytes=${have}-` } : {}
  const headers = { ...file.headers, ...range, 'Accept-Encoding': 'identity' }
  const response = await fetch(file.url, { headers, signal: options.signal })
  if (!response.ok) throw new HubApiError(file.url, response.status, undefined, response.statusText)
  // An answer with everything replaces what is there.
  const isRest = response.status === 206
  const target = await open(partial, isRest ? 'a' : 'w')
  try {
    let arrived = isRest ? have : 0
    for await (const chunk of response.body ? Readable.fromWeb(response.body as ReadableStream) : []) {
      arrived += chunk.length
      if (arrived > file.sizeBytes) throw longer(file)
      await target.writeFile(chunk)
      options.onBytes(arrived)
      options.signal?.throwIfAborted()
    }
    // Where its length was told, all of it came, and the file of the server is shorter than the list says.
    if (arrived < file.sizeBytes && !response.headers.has('Content-Length')) throw endedEarly(file, arrived)
  } finally {
    await target.close()
  }
}

function longer({ what, sizeBytes }: RemoteFile): TemperError {
  return new TemperError(
    'invalid_checkpoint',
    `${what} is longer than the ${sizeBytes} bytes that the list of files says`,
  )
}

/** A proxy may end an answer early without a word; a repeat goes on behind what came. */
function endedEarly({ what, sizeBytes }: RemoteFile, arrived: number): TemperError {
  const message = `${what} ended after ${arrived} bytes, the list of files says ${sizeBytes}`
  return new TemperError('unavailable', message, { details: { file: what, arrived, sizeBytes } })
}

/** What is wrong with the bytes that are there, by size and digest; undefined where nothing is. */
async function otherBytes(file: RemoteFile, partial: string): Promise<TemperError | undefined> {
  const { what, sizeBytes, sha256, gitBlob } = file
  const expected = { sizeBytes, ...(sha256 && { sha256 }), ...(gitBlob && { gitBlob }) }
  const actual = {
    sizeBytes: await sizeOf(partial),
    ...(sha256 && { sha256: await sha256Of(partial) }),
    ...(gitBlob && { gitBlob: await gitBlobOf(partial, sizeBytes) }),
  }
  if (JSON.stringify(actual) === JSON.stringify(expected)) return undefined
  const rule = `arrived as ${JSON.stringify(actual)}, the list of files says ${JSON.stringify(expected)}`
  return new TemperError('invalid_checkpoint', `${what} ${rule}`, { details: { file: what, actual, expected } })
}

/** How Git names the bytes of a file. */
async function gitBlobOf(path: string, sizeBytes: number): Promise<string> {
  const hash = createHash('sha1').update(`blob ${sizeBytes}\0`)
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Undefined where there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return found?.size
}
