import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * One digest over names and contents of files, and over further words that decide about a result.
 * @param {string} root to which names are relative
 * @param {readonly string[]} paths files and folders below it; missing ones are left out
 * @param {{ words?: readonly string[], leaveOut?: readonly string[] }} [options] names of folders to leave out
 */
export function digestOf(root, paths, { words = [], leaveOut = [] } = {}) {
  const hash = createHash('sha256')
  for (const word of words) hash.update(`${word}\0`)
  for (const file of paths.flatMap((path) => filesIn(join(root, path), leaveOut))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

/**
 * A stamp beside a result says from what it was made; it is written last.
 * @param {string} path
 * @returns {string | undefined}
 */
export function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/**
 * @param {string} path
 * @param {string} stamp
 */
export function writeStamp(path, stamp) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, stamp)
  renameSync(`${path}.new`, path)
}

/**
 * @param {string} path
 * @param {readonly string[]} leaveOut
 * @returns {string[]}
 */
function filesIn(path, leaveOut) {
  if (!existsSync(path)) return []
  const entries = namesIn(path)
  if (entries === undefined) return [path]
  return entries
    .filter((entry) => !leaveOut.includes(entry))
    .sort()
    .flatMap((entry) => filesIn(join(path, entry), leaveOut))
}

/**
 * Names in a folder; undefined for a file.
 * @param {string} path
 */
function namesIn(path) {
  try {
    return readdirSync(path)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return undefined
    throw error
  }
}
