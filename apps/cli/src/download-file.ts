import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { type CheckpointFile, TemperError } from '@temper/db/contracts'
import type { ApiClient } from './api/client.ts'

/**
 * Downloads a file to `target`, going on where an earlier try stopped, and checks its digest before it gets its name.
 * Throws `invalid_checkpoint` where the bytes are not those of the digest.
 */
export async function downloadFile(api: ApiClient, path: string, file: CheckpointFile, target: string): Promise<void> {
  if ((await sizeOf(target)) === file.sizeBytes && (await digestOf(target)) === file.sha256) return
  const partial = `${target}.part`
  await mkdir(dirname(target), { recursive: true })
  const have = await sizeOf(partial)
  if (have !== file.sizeBytes) await fetchRest(api, path, file, partial, have)
  const sha256 = await digestOf(partial)
  if (sha256 !== file.sha256) {
    await rm(partial)
    const message = `${target} arrived with the digest ${sha256}, expected ${file.sha256}; try again`
    throw new TemperError('invalid_checkpoint', message, { details: { target, sha256, expected: file.sha256 } })
  }
  await rename(partial, target)
}

async function fetchRest(api: ApiClient, path: string, file: CheckpointFile, partial: string, have: number) {
  const isBegun = have > 0 && have < file.sizeBytes
  const headers: Record<string, string> = isBegun ? { Range: `bytes=${have}-`, 'If-Range': `"${file.sha256}"` } : {}
  const response = await api.send(path, { headers })
  // An answer with everything replaces what is there.
  const flags = response.status === 206 ? 'a' : 'w'
  const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as ReadableStream)
  await pipeline(body, createWriteStream(partial, { flags }))
}

/** 0 where there is none. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return found?.size ?? 0
}

/** sha256 in hex. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
