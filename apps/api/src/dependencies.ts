import type { Db, Notifications } from '@temper/db/queries'
import type { ArtifactStore } from '@temper/db/storage'
import type { Logger } from 'pino'
import type { Principal } from './access.ts'
import type { UploadLimits } from './datasets/upload-limits.ts'
import type { Workflows } from './workflows.ts'

/** What the routes work with; made once by main, or by a test. */
export interface Dependencies {
  db: Db
  notifications: Notifications
  store: ArtifactStore
  workflows: Workflows
  log: Logger
  /** Where people sign in; decides whether cookies are for https only. */
  webUrl: string
  temporalUiUrl: string | undefined
  /** Folder of the recipes that ship with the project. */
  recipesFolder: string
  /** Of datasets. */
  uploadLimits: UploadLimits
  /** Of the files of one model together. */
  modelBytes: number
  /** How long a request waits for a server of completions. */
  serverTimeoutMs: number
}

/** What requests carry through the handlers. */
export interface Env {
  Variables: {
    requestId: string
    principal: Principal
    /** Of a request with an `Idempotency-Key`: the same for its repeats alone. */
    requestDigest?: string
  }
}
