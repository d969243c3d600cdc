import type { JobOf } from '@temper/db/contracts'
import { importCheckpoint } from '../import/index.ts'
import type { JobContext } from '../trainers/index.ts'

/** Checks a model from elsewhere and writes it as a checkpoint, with progress after each parameter. */
export async function importModel(
  { source, output, importedFrom }: JobOf<'import'>,
  context: JobContext,
): Promise<void> {
  const stop = new AbortController()
  let totalSteps = 0
  const onProgress = (step: number, total: number) => {
    totalSteps = total
    context.emit({ type: 'progress', step, totalSteps, phase: 'reading' })
    if (context.stopRequested()) stop.abort()
  }
  const model = await importCheckpoint(source, output, { importedFrom, onProgress, signal: stop.signal })
  const kind = model.head === 'score' ? 'reward' : 'policy'
  context.emit({ type: 'done', outcome: 'finished', step: totalSteps, totalSteps, result: { kind } })
}
