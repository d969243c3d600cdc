import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type CheckpointFile, checkpointSchema } from '@temper/db/contracts'
import type { Page } from 'playwright-core'
import { untar } from './untar.ts'

/** A checkpoint's page, what it promises of the download, and the folder that the download holds. */
export interface DownloadedPolicy {
  promised: CheckpointFile[]
  /** Of what is inside the archive. */
  files: CheckpointFile[]
  folder: string
}

/** By the button of the checkpoint's page, into `scratch`. */
export async function downloadPolicy(page: Page, scratch: string): Promise<DownloadedPolicy> {
  const { pathname } = new URL(page.url())
  const answer = await page.request.get(`/v1${pathname}`)
  const { files } = checkpointSchema.parse(await answer.json())
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /^Download / }).click(),
  ])
  const archive = join(scratch, download.suggestedFilename())
  await download.saveAs(archive)
  await untar(archive, scratch)
  const folder = archive.replace(/\.tar$/, '')
  return { promised: files.filter(({ path }) => !path.startsWith('resume/')), files: await readFiles(folder), folder }
}

/** In the order of their paths. */
async function readFiles(folder: string): Promise<CheckpointFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const files = paths.sort().map(async (file) => {
    const bytes = await readFile(file)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { path: relative(folder, file), sizeBytes: bytes.length, sha256 }
  })
  return Promise.all(files)
}
