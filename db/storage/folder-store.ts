import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { TemperError } from '../contracts/index.ts'
import type { Artifact, ArtifactStore } from './artifact-store.ts'

/** Unfinished writes older than this were left by a killed process. */
const staleAfterMs = 24 * 3600 * 1000

/**
 * An artifact store in a folder: `sha256/ab/cdef…` holds the bytes, `incoming/` what is being written. A file is
 * written under a temporary name, synced, and renamed, so that a name always stands for complete bytes.
 */
export async function openFolderStore(root: string): Promise<ArtifactStore> {
  const incoming = join(root, 'incoming')
  await mkdir(incoming, { recursive: true })
  await removeStale(incoming)
  const pathOf = (sha256: string) => join(root, 'sha256', requireDigest(sha256).slice(0, 2), sha256.slice(2))
  return {
    async put(bytes) {
      const draft = join(incoming, randomUUID())
      try {
        const artifact = await writeDraft(draft, bytes)
        await moveInto(draft, pathOf(artifact.sha256))
        return artifact
      } finally {
        await rm(draft, { force: true })
      }
    },
    sizeOf: (sha256) => sizeOfFile(pathOf(sha256)),
    async open(sha256, range) {
      const path = pathOf(sha256)
      if ((await sizeOfFile(path)) === undefined) throw missing(sha256)
      return createReadStream(path, range === undefined ? {} : { start: range.first, end: range.last })
    },
    async materialize(sha256, path) {
      const source = pathOf(sha256)
      if ((await sizeOfFile(source)) === undefined) throw missing(sha256)
      await placeFile(source, path)
    },
    remove: (sha256) => rm(pathOf(sha256), { force: true }),
  }
}

async function writeDraft(draft: string, bytes: Readable | Uint8Array): Promise<Artifact> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const file = await open(draft, 'wx', 0o444)
  try {
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      hash.update(chunk)
      sizeBytes += chunk.length
      await writeAll(file, chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

/** One write may take fewer bytes than it was given. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0
  while (written < chunk.length) written += (await file.write(chunk, written)).bytesWritten
}

async function moveInto(draft: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await rename(draft, path)
  await syncFolder(dirname(path))
}

/** Makes a rename itself survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** A hard link where the file system allows it, else a copy; never a half-written file under the final name. */
async function placeFile(source: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomUUID()}`
  try {
    await link(source, draft).catch((error: NodeJS.ErrnoException) => {
      // Another file system, or one without links: a copy is the only way there.
      if (error.code !== 'EXDEV' && error.code !== 'EPERM' && error.code !== 'EMLINK') throw error
      return copyFile(source, draft)
    })
    await rename(draft, path)
  } finally {
    // Renaming a link onto another link of the same file does nothing and leaves the draft.
    await rm(draft, { force: true })
  }
}

async function removeStale(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name)
    const modifiedMs = (await statOrNone(path))?.mtimeMs ?? Date.now()
    if (Date.now() - modifiedMs > staleAfterMs) await rm(path, { force: true })
  }
}

async function sizeOfFile(path: string): Promise<number | undefined> {
  return (await statOrNone(path))?.size
}

async function statOrNone(path: string) {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

function requireDigest(sha256: string): string {
  if (/^[0-9a-f]{64}$/.test(sha256)) return sha256
  throw new TemperError('invalid_input', `'${sha256}' is not a sha256 digest in hex`)
}

function missing(sha256: string): TemperError {
  return new TemperError('not_found', `the artifact store holds nothing with the digest ${sha256}`, {
    details: { sha256 },
  })
}
