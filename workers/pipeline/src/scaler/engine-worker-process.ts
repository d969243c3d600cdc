import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { workerMessageSchema } from './worker-messages.ts'

const entry = fileURLToPath(new URL('../engine-worker.ts', import.meta.url))
/** A worker that is told to leave may have a checkpoint to write. */
const killAfterMs = 150_000

/** An engine worker as the scaler sees it. */
export interface EngineWorkerProcess {
  readonly device: string
  /** When it last had a job in hand, or was started. */
  readonly lastBusyAtMs: number
  readonly exited: Promise<number | null>
  stop(): Promise<void>
}

export function startEngineWorker(device: string, env: NodeJS.ProcessEnv): EngineWorkerProcess {
  const child = fork(entry, [], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { ...env, TEMPER_DEVICES: device, TEMPER_PARENT_PID: String(process.pid) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let lastBusyAtMs = Date.now()
  child.on('message', (message) => {
    if (workerMessageSchema.parse(message).running > 0) lastBusyAtMs = Date.now()
  })
  const exited = exitCodeOf(child)
  return {
    device,
    get lastBusyAtMs() {
      return lastBusyAtMs
    },
    exited,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      await exited
      clearTimeout(timer)
    },
  }
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'exit')
  return code
}
