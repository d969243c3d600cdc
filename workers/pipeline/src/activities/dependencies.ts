import type { Db } from '@temper/db/queries'
import type { ArtifactStore } from '@temper/db/storage'
import type { EngineDevice } from '../engine-process/index.ts'
import type { ServingSettings } from '../serving/index.ts'

export interface Dependencies {
  db: Db
  store: ArtifactStore
}

/** On a worker that has a device. */
export interface EngineDependencies extends Dependencies {
  device: EngineDevice
  /** Folder of this worker alone: local copies of inputs, and what the engine writes. Emptied when the worker starts. */
  scratchDir: string
  serving: ServingSettings
}

/** A stage, as activities name it. */
export interface StageRef {
  runId: string
  stage: string
}
