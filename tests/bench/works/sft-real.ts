import { packGroups, promptGroup } from '@temper/engine/data'
import { addRole } from '@temper/engine/models'
import { SupervisedTrainer } from '@temper/engine/trainers'
import { dialogueSequence, timedDialogues } from '../dialogues.ts'
import { modelOf } from './model.ts'
import { noCheckpoint, optimizationOf, totalSteps } from './settings.ts'
import { type OpenWork, timed } from './work.ts'

/**
 * Forward, backward, clipping and AdamW on B prompts with their chosen answers a step, packed into rows, a loss on every
 * token. A first pass over the batches compiles what their shapes need.
 */
export const openSftReal: OpenWork = async (size, precision, { program, steps, dialogues }) => {
  const { batchSize, length: rowLength } = size.train
  const model = modelOf(size)
  await addRole(program, 'policy', model, model.initialize(0))
  const sequences = timedDialogues(dialogues, batchSize, steps).map(({ prompt, chosen: completion }, seed) => {
    const { ids } = dialogueSequence({ prompt, completion }, { rowLength, vocabSize: size.vocabSize, seed, side: 1 })
    return { ids, lossMask: ids.map(() => true) }
  })
  const batches = Array.from({ length: steps }, (_, step) => {
    const groups = sequences.slice(step * batchSize, (step + 1) * batchSize).map((one) => promptGroup([one]))
    return packGroups(groups, { rowTokens: 1024 })
  })
  const batchOf = (step: number) => batches[(step - 1) % steps] as (typeof batches)[number]
  const trainer = new SupervisedTrainer({
    program,
    model,
    role: 'policy',
    settings: { ...optimizationOf(precision), batchSize, keep: 'last' },
    totalSteps,
    batches: (step) => [batchOf(step)],
    checkpoint: noCheckpoint,
    nowMs: () => performance.now(),
  })
  await trainer.prepare()
  return {
    perStep: sequences.reduce((sum, { ids }) => sum + ids.length, 0) / steps,
    lastStep: () => batchOf(trainer.step).tokens,
    warmUps: steps,
    step: () => timed(() => trainer.advance()),
    close: () => trainer.close(),
  }
}
