import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow'
import { cpu } from './activities.ts'
import { pauseSignal, resumeSignal } from './signals.ts'
import type { StageInput } from './stage-input.ts'

export interface PauseGate {
  readonly paused: boolean
  /** Waits while the run is paused, and says so on the stage. */
  pass(): Promise<void>
  /** Runs work that a pause interrupts; `undefined` where it was cancelled before it had a result. */
  interruptible<T>(work: () => Promise<T>): Promise<T | undefined>
}

/** Takes the pause and resume signals of a stage. Cancelling the whole stage passes through as a cancellation. */
export function createPauseGate(input: StageInput): PauseGate {
  const stage = CancellationScope.current()
  const interruptions = new Set<CancellationScope>()
  let paused = input.paused ?? false
  setHandler(pauseSignal, () => {
    paused = true
    for (const scope of interruptions) scope.cancel()
  })
  setHandler(resumeSignal, () => {
    paused = false
  })

  return {
    get paused() {
      return paused
    },
    async pass() {
      if (!paused) return
      await cpu.markPaused({ runId: input.runId, stage: input.stage })
      await condition(() => !paused)
      await cpu.markResumed({ runId: input.runId, stage: input.stage })
    },
    async interruptible(work) {
      const scope = new CancellationScope()
      interruptions.add(scope)
      try {
        return await scope.run(work)
      } catch (thrown) {
        if (!isCancellation(thrown) || stage.consideredCancelled) throw thrown
        return undefined
      } finally {
        interruptions.delete(scope)
      }
    },
  }
}
