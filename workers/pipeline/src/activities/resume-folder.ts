import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Checkpoint } from '@temper/db/contracts'
import { type ArtifactStore, materializeFolder } from '@temper/db/storage'
import { exists } from './local-checkpoint.ts'

/**
 * Folder of a stage's newest durable checkpoint, to resume from: the one that the engine itself wrote where this worker
 * still has it, the very state a warm engine goes on from; else its files out of the store.
 * @param stageDir - where the engine writes the stage's checkpoints
 */
export async function resumeFolder(
  store: ArtifactStore,
  { step, files }: Pick<Checkpoint, 'step' | 'files'>,
  stageDir: string,
): Promise<string> {
  const dir = path.join(stageDir, `step-${step}`)
  // The engine writes the manifest last; a folder without one is what a killed engine left.
  if (await exists(path.join(dir, 'manifest.json'))) return dir
  await rm(dir, { recursive: true, force: true })
  await materializeFolder(store, files, dir)
  return dir
}
