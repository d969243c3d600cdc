import { readFileSync } from 'node:fs'

/**
 * A process, told apart from a later one with the same number by when it began.
 * @typedef {{ pid: number, startedAt: string }} ProcessIdentity
 */

/**
 * Identity of a live process; undefined when there is none (a zombie counts as none).
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function identify(pid) {
  const stat = readProc(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command stands in parentheses and may hold anything; fields are counted after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticksSinceBoot] = [fields[0], fields[19]]
  if (state === 'Z' || state === 'X' || ticksSinceBoot === undefined) return undefined
  return { pid, startedAt: `${bootId()}/${ticksSinceBoot}` }
}

/**
 * @param {ProcessIdentity} identity
 * @returns {boolean}
 */
export function isAlive({ pid, startedAt }) {
  return identify(pid)?.startedAt === startedAt
}

/** @returns {ProcessIdentity} */
export function ownIdentity() {
  const own = identify(process.pid)
  if (own === undefined) throw new Error('cannot read /proc/self/stat: Temper needs Linux with /proc mounted')
  return own
}

function bootId() {
  return readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

/**
 * Content of a file that may vanish with its process.
 * @param {string} path
 */
export function readProc(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined
    throw error
  }
}
