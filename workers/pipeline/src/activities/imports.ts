import { rm } from 'node:fs/promises'
import path from 'node:path'
import {
  checkpointKinds,
  endedImportStates,
  type Failure,
  type ImportedFrom,
  type ImportProgress,
  idSchema,
  type JobOf,
  type ModelImport,
} from '@temper/db/contracts'
import {
  endImport,
  finishImport,
  getImport,
  removeImportFiles,
  removeUnusedFiles,
  sharingStore,
} from '@temper/db/queries'
import { materializeFolder, putFolder } from '@temper/db/storage'
import { type FetchedModel, fetchModel, type HubAccess } from '@temper/engine/fetch-model'
import { Context } from '@temporalio/activity'
import { z } from 'zod'
import { EngineProcess, type EngineProcessOptions } from '../engine-process/index.ts'
import { describeFolder } from './checkpoints.ts'
import type { Dependencies } from './dependencies.ts'
import { reportImportProgress } from './import-progress.ts'
import { haveBytes } from './supervise.ts'
import { withoutFolder } from './without-folder.ts'

export interface ImportDependencies extends Dependencies {
  /** Folder of this machine for models on their way in; each has one of its own below. */
  importsDir: string
  /** Of a process without a device: weights are read, checked and written. */
  engine: EngineProcessOptions
  hub: HubAccess
}

type Show = (progress: ImportProgress) => void

export function createModelImportActivities(deps: ImportDependencies) {
  const { db, importsDir } = deps
  return {
    /** Fetches, checks, stores and registers a model. A retry goes on with what was fetched, and registers it once. */
    async importModel({ importId }: { importId: string }): Promise<void> {
      const wanted = await getImport(db, importId)
      if (endedImportStates.includes(wanted.state)) return
      const dir = folderOf(importsDir, importId)
      const progress = reportImportProgress(db, importId)
      try {
        const { path: source, importedFrom } = await bring(deps, wanted, path.join(dir, 'source'), progress.show)
        const output = path.join(dir, 'checkpoint')
        const kind = await convert(deps, { type: 'import', source, importedFrom, output }, progress.show)
        await keep(deps, wanted, { dir: output, kind, importedFrom }, progress.show)
      } finally {
        await progress.settle()
      }
    },
  }
}

export function createImportStateActivities({
  db,
  store,
  importsDir,
}: Pick<ImportDependencies, 'db' | 'store' | 'importsDir'>) {
  return {
    /** Says how an import ended, unless that is known, and removes what it has left. */
    async endImport({ importId, failure }: { importId: string; failure: Failure | null }): Promise<void> {
      const dir = folderOf(importsDir, importId)
      const state = failure?.code === 'cancelled' ? 'cancelled' : 'failed'
      if (failure !== null) await endImport(db, importId, { state, failure })
      await removeImportFiles(db, store, importId)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Whoever reaches Temporal names the import: throws for what is no id, and could be a path out of the folder. */
function folderOf(importsDir: string, importId: string): string {
  return path.join(importsDir, idSchema('import').parse(importId))
}

/** Makes the source local. */
async function bring(
  { store, hub }: ImportDependencies,
  { source, uploaded }: ModelImport,
  dir: string,
  show: Show,
): Promise<FetchedModel> {
  if (source.type === 'files') {
    await materializeFolder(store, uploaded, dir)
    const gguf = uploaded.find((file) => file.path.endsWith('.gguf'))
    return { path: path.join(dir, gguf?.path ?? ''), importedFrom: { type: 'files', files: uploaded } }
  }
  const onProgress = (done: number, total: number | null) => {
    haveBytes(done)
    show({ phase: 'fetching', done, total })
  }
  return fetchModel(source, dir, { hub, onProgress, signal: Context.current().cancellationSignal })
}

/** Reads and writes the weights in a process of their own, which is gone afterwards. Returns what the model is. */
async function convert({ engine: options }: ImportDependencies, job: JobOf<'import'>, show: Show) {
  const engine = await EngineProcess.start(options)
  try {
    const { result } = await engine.run(job, {
      onEvent: (event) => {
        if (event.type === 'progress') show({ phase: 'reading', done: event.step, total: event.totalSteps })
      },
      signal: Context.current().cancellationSignal,
    })
    return z.enum(checkpointKinds).parse(result.kind)
  } catch (thrown) {
    throw withoutFolder(thrown, path.extname(job.source) === '.gguf' ? path.dirname(job.source) : job.source)
  } finally {
    await engine.close()
  }
}

type Converted = { dir: string; kind: (typeof checkpointKinds)[number]; importedFrom: ImportedFrom }

/** Files first, then the row that says they exist; where somebody cancelled meanwhile, neither. */
async function keep({ db, store }: ImportDependencies, wanted: ModelImport, converted: Converted, show: Show) {
  const { dir, kind, importedFrom } = converted
  const description = await describeFolder(dir)
  const onBytes = (done: number, total: number) => show({ phase: 'storing', done, total })
  const { files, checkpoint } = await sharingStore(db, async () => {
    const files = await putFolder(store, dir, onBytes)
    const origin = { runId: null, stage: null, stageType: 'import', step: 0, parents: [], data: [] }
    const checkpoint = { ...origin, ...description, kind, importedFrom, final: true, metrics: {}, files }
    return { files, checkpoint: await finishImport(db, wanted, checkpoint) }
  })
  if (checkpoint !== undefined) return
  const sha256s = files.map(({ sha256 }) => sha256)
  await removeUnusedFiles(db, store, sha256s)
}
