import { type EventEmitter, on } from 'node:events'
import type { EngineCommand, JobOf } from '@temper/db/contracts'
import { loadServedModel, RequestDesk } from '../serving/index.ts'
import type { JobContext } from '../trainers/index.ts'

type Command = Exclude<EngineCommand, { type: 'run' }>

/** What the job that runs is told, as it comes. */
export type Commands = EventEmitter<{ command: [Command] }>

const idleMs = 10_000

/** Answers the requests that come as commands until `stop`, which cancels those under way. */
export async function serveModels(job: JobOf<'serve'>, context: JobContext, commands: Commands): Promise<void> {
  const { emit, nowMs } = context
  const load = async (model: string) => {
    const startedMs = nowMs()
    const served = await loadServedModel(model, job.precision)
    emit({ type: 'serving', model, contextLength: served.contextLength, loadMs: nowMs() - startedMs })
    return served
  }
  const desk = new RequestDesk({ models: job.models, load, emit: (event) => emit({ type: 'completion', event }) })
  const timer = setInterval(() => desk.idle && emit({ type: 'idle' }), idleMs)
  try {
    await takeCommands(desk, commands)
  } finally {
    clearInterval(timer)
    await desk.close()
  }
  emit({ type: 'done', outcome: 'stopped', step: 0, totalSteps: 0, result: {} })
}

/** Until `stop`. */
async function takeCommands(desk: RequestDesk, commands: Commands): Promise<void> {
  for await (const [command] of on(commands, 'command') as AsyncIterable<[Command]>) {
    if (command.type === 'stop') return
    if (command.type === 'request') desk.take(command.model, command.request)
    if (command.type === 'cancel') desk.cancel(command.id)
  }
}
