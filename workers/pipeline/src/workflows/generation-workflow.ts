import { CancellationScope, isCancellation } from '@temporalio/workflow'
import { cpu, generate } from './activities.ts'
import { describeFailure } from './failure.ts'

/** One playground request, under the id of the generation. Its text goes through the database, never through here. */
export async function generationWorkflow({ generationId }: { generationId: string }): Promise<void> {
  try {
    await generate.generateText({ generationId })
  } catch (thrown) {
    const failure = isCancellation(thrown)
      ? { code: 'cancelled', message: 'the generation was stopped', details: {} }
      : describeFailure(thrown)
    await CancellationScope.nonCancellable(() => cpu.failGeneration({ generationId, failure }))
    throw thrown
  }
}
