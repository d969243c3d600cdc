import { addRole } from '@temper/engine/models'
import type { Program } from '@temper/engine/tracing'
import { DpoTrainer, type Pair } from '@temper/engine/trainers'
import { median } from '../median.ts'
import type { Size } from '../sizes.ts'
import { modelOf } from './model.ts'
import { randomPairs } from './random-tokens.ts'
import { noCheckpoint, optimizationOf, totalSteps } from './settings.ts'
import { type OpenWork, type Precision, timed } from './work.ts'

/** A trainer of a fresh model on these pairs, B a step in their order. */
export async function openDpoTrainer(
  program: Program,
  size: Size,
  precision: Precision,
  pairs: readonly Pair[],
): Promise<DpoTrainer> {
  const { batchSize, length } = size.train
  const model = modelOf(size)
  await addRole(program, 'policy', model, model.initialize(0))
  const trainer = new DpoTrainer({
    program,
    model,
    role: 'policy',
    settings: {
      ...optimizationOf(precision),
      batchSize,
      epochs: 1,
      maxLength: length,
      ties: 'drop',
      loss: 'sigmoid',
      beta: 0.1,
      labelSmoothing: 0,
      lengthNormalize: false,
      sftWeight: 0,
      desirableWeight: 1,
      undesirableWeight: 1,
      evaluateEverySteps: totalSteps,
    },
    pairs,
    heldOut: [],
    seed: 'sequential',
    totalSteps,
    checkpoint: noCheckpoint,
  })
  await trainer.prepare()
  return trainer
}

/**
 * Reference forward on B pairs, then policy forward, backward, clipping and AdamW. The trainer computes the reference's
 * log-probs once for all epochs; here every step does it anew, as the peer does, so that both do the same work.
 */
export const openDpo: OpenWork = async (size, precision, { program }) => {
  const { batchSize, length } = size.train
  const pairs = randomPairs(batchSize, length, size.vocabSize)
  const trainer = await openDpoTrainer(program, size, precision, pairs)
  const updatesMs: number[] = []
  return {
    perStep: batchSize,
    step: async () => {
      const referenceMs = await timed(() => trainer.computeReference(pairs))
      const updateMs = await timed(() => trainer.advance())
      updatesMs.push(updateMs)
      return referenceMs + updateMs
    },
    note: () =>
      `the reference is computed every step; with its log-probs kept, as the trainer does, a step takes ${median(updatesMs).toFixed(1)} ms`,
    close: () => trainer.close(),
  }
}
