import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAlive, ownIdentity } from './process-identity.mjs'

/**
 * A file names the process that holds the lock; a lock whose process has ended is free.
 * @typedef {import('./process-identity.mjs').ProcessIdentity} Owner
 */

/**
 * Takes the lock at `path` if it is free.
 * @param {string} path
 * @returns {{ release: () => void } | { heldBy: Owner }}
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify(ownIdentity()))
  try {
    for (;;) {
      if (linkIfAbsent(draft, path)) return { release: () => rmSync(path, { force: true }) }
      const owner = readOwner(path)
      if (owner !== undefined && isAlive(owner)) return { heldBy: owner }
      takeAway(path, owner)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Waits for the lock; `onWait` hears once whom it waits for.
 * @param {string} path
 * @param {(owner: Owner) => void} onWait
 * @returns {Promise<() => void>} releases it
 */
export async function lock(path, onWait) {
  for (let waited = false; ; waited = true) {
    const attempt = tryLock(path)
    if ('release' in attempt) return attempt.release
    if (!waited) onWait(attempt.heldBy)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function linkIfAbsent(from, to) {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/**
 * The owner in the file; undefined when the file is gone or was never finished.
 * @param {string} path
 * @returns {Owner | undefined}
 */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError || /** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Removes a dead owner's file. Another process may have done so and locked since: what was moved is looked at again,
 * and put back if it is alive.
 * @param {string} path
 * @param {Owner | undefined} dead
 */
function takeAway(path, dead) {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return
    throw error
  }
  const moved = readOwner(aside)
  if (moved !== undefined && moved.startedAt !== dead?.startedAt && isAlive(moved)) linkIfAbsent(aside, path)
  rmSync(aside, { force: true })
}
