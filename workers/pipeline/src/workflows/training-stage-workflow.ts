import { continueAsNew, workflowInfo } from '@temporalio/workflow'
import { train } from './activities.ts'
import { createPauseGate } from './pause-gate.ts'
import type { StageInput } from './stage-input.ts'

/** Engine time after which a segment ends in a checkpoint, and another stage may have the device. */
const segmentSeconds = 600

/**
 * A training stage: a chain of segments, each one activity that ends in a durable checkpoint; the next one goes on from
 * it, on whatever worker. One that runs out of memory is followed by one with passes of fewer rows. A pause stops the
 * running segment at its next step. The chain goes on in a new history, under the same id, before the old one grows long.
 */
export async function trainingStageWorkflow(input: StageInput): Promise<void> {
  const gate = createPauseGate(input)
  let { passSplit } = input
  for (;;) {
    await gate.pass()
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof trainingStageWorkflow>({ ...input, passSplit, paused: gate.paused })
    }
    const segmentInput = { ...input, passSplit, maxSeconds: segmentSeconds }
    const segment = await gate.interruptible(() => train.runTrainingSegment(segmentInput))
    if (segment?.outcome === 'finished') return
    passSplit = segment?.passSplit ?? passSplit
  }
}
