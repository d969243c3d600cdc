import { access } from 'node:fs/promises'
import path from 'node:path'
import type { Checkpoint } from '@temper/db/contracts'
import { materializeFolder } from '@temper/db/storage'
import type { EngineDependencies } from './dependencies.ts'

/** Makes a checkpoint's files local, unless they are already; returns the folder. */
export async function localCheckpoint(
  { store, scratchDir }: Pick<EngineDependencies, 'store' | 'scratchDir'>,
  { id, files }: Pick<Checkpoint, 'id' | 'files'>,
): Promise<string> {
  const dir = path.join(scratchDir, 'checkpoints', id)
  const last = files.at(-1)
  // Files come in order: where the last one is, all are.
  if (last && !(await exists(path.join(dir, last.path)))) await materializeFolder(store, files, dir)
  return dir
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
