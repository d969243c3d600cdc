import { Readable } from 'node:stream'
import type { Artifact, ArtifactStore } from '@temper/db/storage'
import type { Context } from 'hono'
import type { Env } from '../dependencies.ts'
import { parseRange } from './parse-range.ts'

/**
 * Answers with stored bytes: all of them, or the range that was asked for (RFC 9110). The digest is the ETag, so a
 * download that broke off goes on where it stopped, and only if the bytes are still the same.
 */
export async function sendFile(
  c: Context<Env>,
  store: ArtifactStore,
  file: Artifact,
  options: { name: string; type: string },
): Promise<Response> {
  const etag = `"${file.sha256}"`
  const headers = new Headers({
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Content-Type': options.type,
    'Content-Disposition': `attachment; filename="${options.name}"`,
    // The bytes of a checkpoint never change; who may read them can.
    'Cache-Control': 'private, no-cache',
  })
  if (matches(c.req.header('If-None-Match'), etag)) return new Response(null, { status: 304, headers })
  const condition = c.req.header('If-Range')
  const wanted = condition === undefined || condition === etag ? c.req.header('Range') : undefined
  const range = parseRange(wanted, file.sizeBytes)
  if (range === 'unsatisfiable') {
    headers.set('Content-Range', `bytes */${file.sizeBytes}`)
    return new Response(null, { status: 416, headers })
  }
  const sizeBytes = range === undefined ? file.sizeBytes : range.last - range.first + 1
  headers.set('Content-Length', String(sizeBytes))
  if (range !== undefined) headers.set('Content-Range', `bytes ${range.first}-${range.last}/${file.sizeBytes}`)
  const status = range === undefined ? 200 : 206
  if (c.req.method === 'HEAD' || sizeBytes === 0) return new Response(null, { status, headers })
  return new Response(toWeb(await store.open(file.sha256, range)), { status, headers })
}

/** A body from Node's stream. */
export function toWeb(stream: Readable): ReadableStream {
  return Readable.toWeb(stream) as ReadableStream
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
