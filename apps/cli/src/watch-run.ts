import { endedRunStates, type Run, type RunEvent, runEventSchema, runSchema, TemperError } from '@temper/db/contracts'
import type { ApiClient } from './api/client.ts'
import { follow } from './api/follow.ts'
import type { Output } from './output.ts'
import { describeEvent, describeRun } from './run-words.ts'

const pollMs = 2000

/** Prints events until the run is over. Throws `engine_failed` or `cancelled` for a run that did not get to its end. */
export async function watchRun(api: ApiClient, id: string, out: Output): Promise<void> {
  const stop = new AbortController()
  const printed = print(api, id, out, stop.signal)
  // The state is asked for, since the last event and the end of the run are two things.
  const finished = untilEnded(api, id, stop.signal)
  const run = await Promise.race([finished, printed.then(() => finished)]).finally(() => stop.abort())
  await printed
  out.document(run, () => `\n${describeRun(run)}`)
  if (run.state === 'cancelled') throw new TemperError('cancelled', `run ${id} was cancelled`)
  if (run.state === 'failed')
    throw new TemperError('engine_failed', run.failure?.message ?? `run ${id} failed: ${run.status}`)
}

async function print(api: ApiClient, id: string, out: Output, signal: AbortSignal): Promise<void> {
  let last = 0
  const show = (event: RunEvent) => {
    last = event.sequence
    if (out.isJson || isTold(event)) out.document(event, () => describeEvent(event))
  }
  for await (const document of follow(api, `/v1/runs/${id}/events`, signal)) show(runEventSchema.parse(document))
  // What came between the last event and the end.
  for await (const event of api.all(`/v1/runs/${id}/history?limit=1000`, runEventSchema)) {
    if (event.sequence > last) show(event)
  }
}

/** Steps come too often to be lines. */
function isTold({ kind }: RunEvent): boolean {
  return kind !== 'metrics'
}

async function untilEnded(api: ApiClient, id: string, signal: AbortSignal): Promise<Run> {
  for (;;) {
    const run = await api.get(`/v1/runs/${id}`, runSchema)
    if (endedRunStates.includes(run.state) || signal.aborted) return run
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
