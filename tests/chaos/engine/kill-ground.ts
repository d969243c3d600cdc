import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openFolderStore } from '@temper/db/storage'
import { makeTask, type Task } from './methods.ts'
import { openDevice } from './open-device.ts'
import type { Place } from './run-stage.ts'

/** Engine processes, a store, and the task that runs are about, in throw-away folders. */
export interface KillGround extends Place {
  task: Task
  close(): Promise<void>
}

export async function openKillGround(): Promise<KillGround> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'temper-kills-'))
  const place = { device: openDevice(), store: await openFolderStore(scratch) }
  const task = await makeTask(place)
  return {
    ...place,
    task,
    async close() {
      await place.device.close()
      await task.remove()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
