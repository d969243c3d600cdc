import type { Pair } from '@temper/engine/trainers'
import { dialogueSequence, timedDialogues } from '../dialogues.ts'
import { openDpoTrainer } from './dpo.ts'
import { type OpenWork, timed } from './work.ts'

/**
 * Reference forward on B pairs, then policy forward, backward, clipping and AdamW, as in the first epoch of training. A
 * first pass over the batches compiles what their shapes need.
 */
export const openDpoReal: OpenWork = async (size, precision, { program, steps, dialogues }) => {
  const { batchSize, length: rowLength } = size.train
  const pairs = timedDialogues(dialogues, batchSize, steps).map(({ prompt, chosen, rejected }, seed): Pair => {
    const side = (completion: number, number: number) =>
      dialogueSequence({ prompt, completion }, { rowLength, vocabSize: size.vocabSize, seed, side: number })
    return { chosen: side(chosen, 1), rejected: side(rejected, 2), tie: false, bothBad: false, strength: 1 }
  })
  const trainer = await openDpoTrainer(program, size, precision, pairs)
  return {
    perStep: batchSize,
    lastStep: () => batchSize,
    warmUps: steps,
    step: () => {
      const first = (trainer.step % steps) * batchSize
      return timed(async () => {
        await trainer.computeReference(pairs.slice(first, first + batchSize))
        await trainer.advance()
      })
    },
    close: () => trainer.close(),
  }
}
