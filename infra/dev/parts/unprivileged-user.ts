import { createHash } from 'node:crypto'
import { chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Postgres refuses to run as root; root runs it as `nobody`, who must reach its program and its data. */
const nobody = { uid: 65534, gid: 65534 }
/** Where things go that `nobody` cannot reach where they belong, as below /root. */
const reachablePlace = '/var/lib/temper'

export type User = typeof nobody

/** The user that Postgres runs as: undefined means the user of this process. */
export function postgresUser(): User | undefined {
  return process.getuid?.() === 0 ? nobody : undefined
}

/** `path` itself where the user can reach it, else a place below /var/lib/temper that is always the same for `path`. */
export function reachableFolder(path: string, user: User | undefined): string {
  if (user === undefined || canReach(dirname(path))) return path
  return join(reachablePlace, createHash('sha256').update(path).digest('hex').slice(0, 16))
}

/** A copy of a program's folder where the user can reach it; the folder itself where no copy is needed. */
export function reachableProgram(folder: string, name: string, user: User | undefined): string {
  if (user === undefined || canReach(folder)) return folder
  const copy = join(reachablePlace, name)
  if (existsSync(copy)) return copy
  const draft = `${copy}.${process.pid}`
  rmSync(draft, { recursive: true, force: true })
  cpSync(folder, draft, { recursive: true, verbatimSymlinks: true })
  renameSync(draft, copy)
  return copy
}

/** Makes a folder that only the user can open. */
export function makePrivateFolder(path: string, user: User | undefined): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (user !== undefined) chownSync(path, user.uid, user.gid)
}

/** Whether others may pass through every folder down to `path`. */
function canReach(path: string): boolean {
  if (path === '/') return true
  const passable = !existsSync(path) || (statSync(path).mode & 0o001) !== 0
  return passable && canReach(dirname(path))
}
