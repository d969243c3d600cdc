const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Resolves with the reason at the first signal, or when npm, which runs this process, has gone without one. A second
 * signal ends the process at once.
 * @param watchParent whether npm is the parent
 */
export function untilAskedToStop(watchParent: boolean): Promise<string> {
  const parent = process.ppid
  return new Promise((resolve) => {
    let asked = false
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) process.exit(130)
        asked = true
        resolve(signal)
      })
    }
    if (!watchParent) return
    const timer = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(timer)
      resolve('npm has ended')
    }, 1_000)
    timer.unref()
  })
}
