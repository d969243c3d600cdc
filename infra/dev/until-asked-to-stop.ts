import { isAlive, type ProcessIdentity, parentOf, readProc } from '../setup/process-identity.mjs'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Resolves with the reason at the first signal, or when npm, which runs this process, was killed. A second signal ends
 * the process at once.
 * @param underNpm whether npm runs this process
 */
export function untilAskedToStop(underNpm: boolean): Promise<string> {
  const callers = underNpm ? npmProcesses() : []
  return new Promise((resolve) => {
    let asked = false
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) process.exit(130)
        asked = true
        resolve(signal)
      })
    }
    const timer = setInterval(() => {
      if (callers.every(isAlive)) return
      clearInterval(timer)
      resolve('npm has ended')
    }, 1_000)
    timer.unref()
  })
}

/** npm runs a script through a shell; some shells replace themselves by the script, others stay in between. */
function npmProcesses(): ProcessIdentity[] {
  const parent = parentOf(process.pid)
  if (parent === undefined) return []
  const isShell = /^(sh|dash|bash|ash)$/.test(readProc(`/proc/${parent.pid}/comm`)?.trim() ?? '')
  const grandparent = isShell ? parentOf(parent.pid) : undefined
  return grandparent === undefined ? [parent] : [parent, grandparent]
}
