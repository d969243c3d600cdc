import type { Readable } from 'node:stream'

/** Bytes by their sha256 (hex). */
export interface Artifact {
  sha256: string
  sizeBytes: number
}

/** First and last byte, both included, counted from 0. */
export interface ByteRange {
  first: number
  last: number
}

/**
 * Content-addressed bytes: what is stored under a digest never changes, so a repeated write is free and a read needs no
 * lock. A write that was cut short does not exist.
 */
export interface ArtifactStore {
  /** Stores the bytes and returns once they would survive a power cut. */
  put(bytes: Readable | Uint8Array): Promise<Artifact>
  /** Undefined where nothing has the digest. */
  sizeOf(sha256: string): Promise<number | undefined>
  /** All bytes or a range of them. Throws `not_found`. */
  open(sha256: string, range?: ByteRange): Promise<Readable>
  /** Makes the bytes a local file at `path`, replacing what is there; its readers must not change it. Throws `not_found`. */
  materialize(sha256: string, path: string): Promise<void>
  /** Removes bytes that nothing refers to any more; none is no error. */
  remove(sha256: string): Promise<void>
}
