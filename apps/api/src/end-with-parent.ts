const checkEveryMs = 1000

/** Calls `stop` once the process that started this one is gone: its message channel closes, or its id vanishes. */
export function endWithParent(parentPid: number | undefined, stop: () => void): void {
  if (process.connected) process.once('disconnect', stop)
  if (parentPid === undefined) return
  const timer = setInterval(() => {
    if (!isAlive(parentPid)) {
      clearInterval(timer)
      stop()
    }
  }, checkEveryMs)
  timer.unref()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
