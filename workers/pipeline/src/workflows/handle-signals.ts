import { CancellationScope, type ChildWorkflowHandle, log, patched, setHandler } from '@temporalio/workflow'
import { cpu } from './activities.ts'
import { describeFailure } from './failure.ts'
import {
  type PipelineState,
  pauseSignal,
  progressQuery,
  resumeSignal,
  skipWaitingSignal,
  stateQuery,
} from './signals.ts'
import type { StageInput } from './stage-input.ts'

export type StageHandle = ChildWorkflowHandle<(input: StageInput) => Promise<void>>

/** Takes the signals and queries of a run, and hands the signals on to its stages under way. */
export function handleSignals(runId: string, state: PipelineState, running: ReadonlyMap<string, StageHandle>): void {
  let written: Promise<void> = Promise.resolve()
  const pauseAll = async (paused: boolean) => {
    if (state.paused === paused) return
    state.paused = paused
    const write = () => tryAll(() => [cpu.markRunPaused({ runId, paused })])
    // Of a pause and a resume, the later one must be written last. Histories from before wrote both at once.
    written = patched('pauses-in-turn') ? written.then(write) : write()
    await Promise.all([written, tellPause([...running.values()], paused)])
  }
  setHandler(pauseSignal, () => pauseAll(true))
  setHandler(resumeSignal, () => pauseAll(false))
  setHandler(skipWaitingSignal, async ({ stage }) => {
    const child = running.get(stage)
    if (child) await tryAll(() => [child.signal(skipWaitingSignal, { stage })])
  })
  setHandler(stateQuery, () => state)
  setHandler(progressQuery, () => {
    const stages = Object.values(state.stages)
    return { ended: stages.filter((stage) => stage !== 'waiting' && stage !== 'running').length, total: stages.length }
  })
}

export async function tellPause(stages: StageHandle[], paused: boolean): Promise<void> {
  await tryAll(() => stages.map((stage) => stage.signal(paused ? pauseSignal : resumeSignal)))
}

/**
 * Never throws: a handler of a signal that did would end the run on the spot, with nobody to write its end. A stage may
 * be over before a signal reaches it, and a run that is cancelled meanwhile ends in order. What fails is logged.
 */
async function tryAll(begin: () => Promise<void>[]): Promise<void> {
  const ends = await CancellationScope.nonCancellable(() => Promise.allSettled(begin()))
  for (const end of ends) {
    if (end.status === 'rejected') log.warn('what a signal asked for was not done', { ...describeFailure(end.reason) })
  }
}
