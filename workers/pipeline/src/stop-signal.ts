import { identify, isAlive } from './engine-process/process-identity.ts'

const lookMs = 1_000

/** Aborts when the process should leave: it is told to, or the process that started it is gone. */
export function stopSignal(parentPid: number | undefined): AbortSignal {
  const controller = new AbortController()
  const stop = (reason: string) => () => controller.abort(reason)
  process.once('SIGTERM', stop('SIGTERM'))
  process.once('SIGINT', stop('SIGINT'))
  process.once('disconnect', stop('the parent process is gone'))
  if (parentPid !== undefined) watchParent(parentPid, stop('the parent process is gone'))
  return controller.signal
}

function watchParent(pid: number, gone: () => void): void {
  const parent = identify(pid)
  const timer = setInterval(() => {
    if (isAlive(parent)) return
    clearInterval(timer)
    gone()
  }, lookMs)
  timer.unref()
}
