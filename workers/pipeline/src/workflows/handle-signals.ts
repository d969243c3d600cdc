import { CancellationScope, type ChildWorkflowHandle, log, setHandler } from '@temporalio/workflow'
import { cpu } from './activities.ts'
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
  const pauseAll = async (paused: boolean) => {
    if (state.paused === paused) return
    state.paused = paused
    await Promise.all([tryAll(() => [cpu.markRunPaused({ runId, paused })]), tellPause([...running.values()], paused)])
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
    if (end.status === 'rejected') log.warn('a signal was not handed on', { error: String(end.reason) })
  }
}
