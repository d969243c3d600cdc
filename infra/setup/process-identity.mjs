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
  const fields = statusFields(pid)
  const [state, ticksSinceBoot] = [fields[0], fields[19]]
  if (state === 'Z' || state === 'X' || ticksSinceBoot === undefined) return undefined
  return { pid, startedAt: `${bootId()}/${ticksSinceBoot}` }
}

/**
 * The process that started it, or that has adopted it since.
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function parentOf(pid) {
  const parent = Number(statusFields(pid)[1] ?? 0)
  return parent === 0 ? undefined : identify(parent)
}

/**
 * Fields of /proc/PID/stat after the command, which stands in parentheses and may hold anything; none when it is gone.
 * @param {number} pid
 */
function statusFields(pid) {
  const stat = readProc(`/proc/${pid}/stat`)
  return stat === undefined ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
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
