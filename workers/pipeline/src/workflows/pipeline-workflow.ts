import { stageWorkflowId } from '@temper/db/contracts/workflows'
import { CancellationScope, condition, isCancellation, patched, startChild } from '@temporalio/workflow'
import type { PlannedStage, RunPlan } from '../activities/index.ts'
import { cpu } from './activities.ts'
import { describeFailure } from './failure.ts'
import { handleSignals, type StageHandle, tellPause } from './handle-signals.ts'
import type { PipelineState, StageProgress } from './signals.ts'
import { workflowOfStage } from './workflow-of-stage.ts'

/**
 * A run, under the id of the run: a child workflow per stage, started as soon as the stages it reads from are done, so
 * that branches run side by side. A stage that fails takes only its dependents with it. The history stays short: a few
 * events a stage, since metrics, votes and checkpoints never pass through it and long stages have histories of their own.
 */
export async function pipelineWorkflow({ runId }: { runId: string }): Promise<PipelineState> {
  const state: PipelineState = { paused: false, stages: {} }
  const running = new Map<string, StageHandle>()
  handleSignals(runId, state, running)
  try {
    const plan = await cpu.beginRun({ runId })
    for (const { name } of plan.stages) state.stages[name] = 'waiting'
    await runStages(runId, plan, state, running)
    await cpu.endRun({ runId })
  } catch (thrown) {
    const failure = isCancellation(thrown) ? null : describeFailure(thrown)
    await CancellationScope.nonCancellable(() => cpu.breakOffRun({ runId, failure }))
    throw thrown
  }
  return state
}

/** Every stage waits for the ends of its inputs; plans are in topological order, so each input has one by then. */
async function runStages(runId: string, plan: RunPlan, state: PipelineState, running: Map<string, StageHandle>) {
  const ends = new Map<string, Promise<StageProgress>>()
  for (const stage of plan.stages) {
    ends.set(stage.name, endOf(stage))
  }
  // All of them, even when the run is cancelled: a parent that ended first would cut its children off mid-checkpoint.
  const settled = await Promise.allSettled(ends.values())
  for (const end of settled) if (end.status === 'rejected') throw end.reason

  async function endOf(stage: PlannedStage): Promise<StageProgress> {
    const inputs = await Promise.all(stage.inputs.map(async (name) => ends.get(name)))
    const missing = stage.inputs.find((_, index) => inputs[index] !== 'done')
    const end = missing === undefined ? await runStage(stage) : await skipStage(stage, missing)
    state.stages[stage.name] = end
    return end
  }

  async function skipStage({ name }: PlannedStage, missing: string): Promise<StageProgress> {
    await cpu.endStage({
      runId,
      stage: name,
      state: 'skipped',
      status: `Skipped, because ${missing} did not finish`,
      failure: null,
    })
    return 'skipped'
  }

  async function runStage(stage: PlannedStage): Promise<StageProgress> {
    await condition(() => !state.paused)
    await cpu.beginStage({ runId, stage: stage.name, type: stage.type })
    state.stages[stage.name] = 'running'
    const { paused } = state
    const child = await startChild(workflowOfStage[stage.type], {
      workflowId: stageWorkflowId(runId, stage.name),
      args: [{ runId, stage: stage.name, data: plan.data, paused }],
    })
    running.set(stage.name, child)
    // At once, not when its end is written: a signal to a closed workflow fails.
    const forget = () => running.delete(stage.name)
    child.result().then(forget, forget)
    // A pause that came while it was being started. Histories from before did not tell it.
    if (state.paused !== paused && patched('tell-late-pause')) await tellPause([child], state.paused)
    try {
      await child.result()
      await cpu.endStage({ runId, stage: stage.name, state: 'done', status: null, failure: null })
      return 'done'
    } catch (thrown) {
      if (isCancellation(thrown)) throw thrown
      const failure = describeFailure(thrown)
      await cpu.endStage({ runId, stage: stage.name, state: 'failed', status: failure.message, failure })
      return 'failed'
    }
  }
}
