import type { Failure } from '@temper/db/contracts'
import { CancellationScope, isCancellation } from '@temporalio/workflow'
import { cpu, importing } from './activities.ts'
import { describeFailure } from './failure.ts'

/** A model on its way in, under the id of the import. However it ends, nothing is left of it but the checkpoint. */
export async function importWorkflow({ importId }: { importId: string }): Promise<void> {
  let failure: Failure | null = null
  try {
    await importing.importModel({ importId })
  } catch (thrown) {
    failure = isCancellation(thrown)
      ? { code: 'cancelled', message: 'the import was stopped', details: {} }
      : describeFailure(thrown)
    throw thrown
  } finally {
    await CancellationScope.nonCancellable(() => cpu.endImport({ importId, failure }))
  }
}
