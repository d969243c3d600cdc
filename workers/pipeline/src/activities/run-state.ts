import type { Failure, RunState, StageState, StageType } from '@temper/db/contracts'
import { appendEvent, getRun, setRunState, updateStage } from '@temper/db/queries'
import type { Dependencies, StageRef } from './dependencies.ts'
import { prepareData } from './prepare-data.ts'

export interface PlannedStage {
  name: string
  type: StageType
  inputs: string[]
}

/** Stages with inputs first, and the dataset behind each data source. */
export interface RunPlan {
  stages: PlannedStage[]
  data: Record<string, string>
}

/** Where a run and its stages are, for people. Each event has a key, so a retry tells nothing twice. */
export function createRunStateActivities(deps: Dependencies) {
  const { db } = deps
  const say = (ref: StageRef, what: string, message: string, data: Record<string, unknown> = {}) =>
    appendEvent(db, { ...ref, kind: 'stage', message, data, key: `${ref.stage}:${what}` })
  /** Of a run that begins: somebody may have paused it already. */
  const show = (runId: string, status: string) =>
    setRunState(db, runId, { state: 'running', status }, ['queued', 'running'])

  return {
    async beginRun({ runId }: { runId: string }): Promise<RunPlan> {
      await show(runId, 'Preparing data')
      await appendEvent(db, { runId, kind: 'run', message: 'Run started', key: 'run:begun' })
      const run = await getRun(db, runId)
      const data = await prepareData(deps, run.recipe)
      await show(runId, 'Running')
      return { stages: run.stages.map(({ name, type, inputs }) => ({ name, type, inputs })), data }
    },

    async beginStage({ runId, stage, type }: StageRef & { type: StageType }): Promise<void> {
      const status = type === 'release' ? 'Starting' : 'Waiting for a worker'
      await updateStage(db, runId, stage, { state: 'running', status })
      await say({ runId, stage }, 'begun', `${stage} started`)
    },

    async endStage(input: StageRef & { state: StageState; status: string | null; failure: Failure | null }) {
      const { runId, stage, state, status, failure } = input
      await updateStage(db, runId, stage, { state, failure, ...(status === null ? {} : { status }) })
      await say({ runId, stage }, 'ended', `${stage} ${state}${status ? `: ${status}` : ''}`, { state })
    },

    async markPaused({ runId, stage }: StageRef): Promise<void> {
      await updateStage(db, runId, stage, { state: 'paused', status: 'Paused' })
      await appendEvent(db, { runId, stage, kind: 'stage', message: `${stage} paused` })
    },

    async markResumed({ runId, stage }: StageRef): Promise<void> {
      await updateStage(db, runId, stage, { state: 'running', status: 'Going on' })
      await appendEvent(db, { runId, stage, kind: 'stage', message: `${stage} goes on` })
    },

    /** A pause that comes as the run ends changes nothing. */
    async markRunPaused({ runId, paused }: { runId: string; paused: boolean }): Promise<void> {
      const state: RunState = paused ? 'paused' : 'running'
      if (!(await setRunState(db, runId, { state, status: paused ? 'Paused' : 'Running' }))) return
      await appendEvent(db, { runId, kind: 'run', message: paused ? 'Run paused' : 'Run goes on' })
    },

    /** Every stage has ended; a run with a failed one has failed. */
    async endRun({ runId }: { runId: string }): Promise<void> {
      const { stages } = await getRun(db, runId)
      const failed = stages.find((stage) => stage.state === 'failed')
      const status = failed
        ? `${failed.name} failed: ${failed.failure?.message ?? failed.status}`
        : 'All stages are done'
      await setRunState(db, runId, { state: failed ? 'failed' : 'done', status, failure: failed?.failure ?? null })
      await appendEvent(db, { runId, kind: 'run', message: status, key: 'run:ended' })
    },

    /** The run ends with stages that have not: it was cancelled, or failed before its stages could begin. */
    async breakOffRun({ runId, failure }: { runId: string; failure: Failure | null }): Promise<void> {
      const state = failure ? 'failed' : 'cancelled'
      const status = failure?.message ?? 'Cancelled'
      const { stages } = await getRun(db, runId)
      for (const { name } of stages.filter((stage) => ['waiting', 'running', 'paused'].includes(stage.state))) {
        const message = failure ? 'The run failed before this stage began' : 'Cancelled'
        await updateStage(db, runId, name, { state: failure ? 'skipped' : 'cancelled', status: message })
      }
      await setRunState(db, runId, { state, status, failure })
      await appendEvent(db, { runId, kind: 'run', message: `Run ${state}: ${status}`, key: 'run:ended' })
    },
  }
}
