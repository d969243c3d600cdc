import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Result, unsupported } from './result.ts'

/** A part of the layout that is listed, folder by folder or as a whole, but not compared yet. */
export function notYet(reason: string) {
  return async function* (path: string): AsyncGenerator<Result> {
    const folders = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory())
    if (folders.length === 0) yield unsupported(basename(path), 'all', reason)
    for (const { name } of folders) yield unsupported(basename(path), name, reason)
  }
}
