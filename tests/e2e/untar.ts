import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Unpacks an archive into a folder by the system's own tar, as users do. */
export async function untar(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await promisify(execFile)('tar', ['-x', '-f', archive, '-C', folder])
}
