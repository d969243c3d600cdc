import { TemperError, type TrainingJob } from '@temper/db/contracts'

/** Passes of a step, and how many of them one pass of the recipe has become. */
interface PassSplit {
  split: number
  batchSize: number
  gradientAccumulation: number
}

/**
 * The same optimizer steps in passes of fewer rows: the rows of a pass are divided into `split` passes, in their order,
 * and gradients add up over all of them, so that the numbers are equal to rounding.
 */
export function withPassSplit<J extends TrainingJob>(job: J, split: number): J {
  if (split === 1 || !('gradientAccumulation' in job.settings)) return job
  const { batchSize, gradientAccumulation } = job.settings
  return {
    ...job,
    settings: { ...job.settings, batchSize: batchSize / split, gradientAccumulation: gradientAccumulation * split },
  }
}

/**
 * The next split of the passes that a recipe asks for: at most half the rows a pass, all passes of one size. Undefined
 * where a pass has one row, or the stage none that could be split.
 */
export function nextPassSplit({ settings }: TrainingJob, split: number): PassSplit | undefined {
  if (!('gradientAccumulation' in settings) || split >= settings.batchSize) return undefined
  const { batchSize, gradientAccumulation } = settings
  let next = Math.min(2 * split, batchSize)
  while (batchSize % next !== 0) next++
  return { split: next, batchSize: batchSize / next, gradientAccumulation: gradientAccumulation * next }
}

/** Why a stage that ran out of memory does not go on, and which of its settings take how much. */
export function outOfMemory(stage: string, { settings }: TrainingJob, cause: TemperError): TemperError {
  const { batchSize } = settings
  const advice = [
    ...(batchSize !== undefined && batchSize > 1 ? [`lower batchSize (now ${batchSize})`] : []),
    ...(batchSize === undefined ? ['set batchSize (now a whole mini-batch)'] : []),
    ...('miniBatches' in settings ? [`raise miniBatches (now ${settings.miniBatches})`] : []),
    ...('maxLength' in settings ? [`lower maxLength (now ${settings.maxLength})`] : []),
    ...('rowLength' in settings ? [`lower rowLength (now ${settings.rowLength})`] : []),
    ...('sampling' in settings ? [`lower sampling.maxTokens (now ${settings.sampling.maxTokens})`] : []),
    ...(settings.gradientCheckpointing ? [] : ['set gradientCheckpointing: true']),
    'take a smaller model',
  ]
  const passes = batchSize === 1 ? ' with one row a pass, the fewest there are' : ''
  const message = `${stage} ran out of memory${passes} (${cause.message}): ${advice.join(', or ')}`
  return new TemperError('out_of_memory', message, { cause, details: { ...cause.details, stage, advice } })
}
