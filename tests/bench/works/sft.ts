import { toBatch } from '@temper/engine/data'
import { addRole } from '@temper/engine/models'
import { SupervisedTrainer } from '@temper/engine/trainers'
import { modelOf } from './model.ts'
import { randomRows } from './random-tokens.ts'
import { noCheckpoint, optimizationOf, totalSteps } from './settings.ts'
import { type OpenWork, timed } from './work.ts'

/** Forward, backward, clipping and AdamW on B rows of T tokens, a loss on every token. */
export const openSft: OpenWork = async (size, precision, { program }) => {
  const { batchSize, length } = size.train
  const model = modelOf(size)
  await addRole(program, 'policy', model, model.initialize(0))
  const rows = randomRows(batchSize, length + 1, size.vocabSize).map((ids) => [
    { ids: ids.slice(0, length), lossMask: ids.slice(0, length).map(() => true), next: ids[length] },
  ])
  const batch = toBatch(rows, { rowLength: length, lossTokens: batchSize * length })
  const trainer = new SupervisedTrainer({
    program,
    model,
    role: 'policy',
    settings: { ...optimizationOf(precision), batchSize, keep: 'last' },
    totalSteps,
    batches: () => [batch],
    checkpoint: noCheckpoint,
    nowMs: () => performance.now(),
  })
  await trainer.prepare()
  return {
    perStep: batchSize * length,
    step: () => timed(() => trainer.advance()),
    close: () => trainer.close(),
  }
}
