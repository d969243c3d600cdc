/** The engine process: takes a job over Node's IPC channel, reports events, waits for the next; ends with its parent. */
import { EventEmitter } from 'node:events'
import { type EngineEvent, engineCommandSchema, type Job, TemperError, toTemperError } from '@temper/db/contracts'
import { deviceKind } from '../runtime/index.ts'
import { createJobRunner } from './run-job.ts'
import type { Commands } from './serve-models.ts'

function main() {
  if (!process.send)
    throw new TemperError('setup_failed', 'the engine process is started by a worker, with an IPC channel')
  const emit = (event: EngineEvent) => {
    process.send?.(event)
  }
  let stop = false
  const commands: Commands = new EventEmitter()
  const runJob = createJobRunner({ emit, stopRequested: () => stop, nowMs: () => performance.now() }, commands)

  const run = async (job: Job) => {
    stop = false
    try {
      await runJob(job)
    } catch (thrown) {
      const { code, message, details } = toTemperError(thrown)
      if (code === 'internal') process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`)
      emit({ type: 'failed', code, message, details })
    }
  }

  process.on('message', (message) => {
    const command = engineCommandSchema.parse(message)
    if (command.type === 'run') {
      void run(command.job)
      return
    }
    stop ||= command.type === 'stop'
    commands.emit('command', command)
  })
  process.on('disconnect', () => process.exit(0))
  emit({ type: 'ready', device: deviceKind(), pid: process.pid })
}

main()
