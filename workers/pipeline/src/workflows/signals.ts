import { workflowSignals } from '@temper/db/contracts/workflows'
import { defineQuery, defineSignal } from '@temporalio/workflow'

/** To a run: no new work begins, running training stops at the next step with a checkpoint. */
export const pauseSignal = defineSignal(workflowSignals.pause)
export const resumeSignal = defineSignal(workflowSignals.resume)

/** To a run, which hands it on to the stage: go on with the votes that are there. */
export const skipWaitingSignal = defineSignal<[{ stage: string }]>(workflowSignals.skipWaiting)

/** To the workflow of a stage: votes were committed; the database says how many. */
export const votesArrivedSignal = defineSignal(workflowSignals.votesArrived)

export type StageProgress = 'waiting' | 'running' | 'done' | 'failed' | 'skipped' | 'cancelled'
export interface PipelineState {
  paused: boolean
  stages: Record<string, StageProgress>
}
export const stateQuery = defineQuery<PipelineState>('state')
export const progressQuery = defineQuery<{ ended: number; total: number }>('progress')
