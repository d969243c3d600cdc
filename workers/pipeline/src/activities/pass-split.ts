import { TemperError, type TrainingJob } from '@temper/db/contracts'

/** How many of a step's passes one of the recipe has become. */
interface PassSplit {
  split: number
  /** Rows of a pass from now on; at most, where the rows of a step do not divide evenly. */
  batchSize: number
}

/**
 * The same optimizer steps in passes of fewer rows: the rows of a pass are divided into `split` passes, in their order,
 * and gradients add up over all of them, so that the numbers are equal to rounding.
 */
export function withPassSplit<J extends TrainingJob>(job: J, split: number): J {
  if (split === 1) return job
  const batchSize = Math.ceil(rowsOfPass(job) / split)
  const accumulated =
    'gradientAccumulation' in job.settings ? { gradientAccumulation: job.settings.gradientAccumulation * split } : {}
  return { ...job, settings: { ...job.settings, ...accumulated, batchSize } }
}

/** The next split of the passes that a recipe asks for: at most half the rows a pass. Undefined where a pass has one row. */
export function nextPassSplit(job: TrainingJob, split: number): PassSplit | undefined {
  const rows = rowsOfPass(job)
  if (split >= rows) return undefined
  let next = Math.min(2 * split, rows)
  // Passes of a count that the recipe names must stay of one size; a mini-batch's last pass may be smaller.
  while ('gradientAccumulation' in job.settings && rows % next !== 0) next++
  return { split: next, batchSize: Math.ceil(rows / next) }
}

/** Rows, or episodes of a rollout, in a pass as the recipe asks for. */
function rowsOfPass({ settings }: TrainingJob): number {
  if ('gradientAccumulation' in settings) return settings.batchSize
  const episodes =
    'groupSize' in settings ? settings.promptsPerIteration * settings.groupSize : settings.episodesPerIteration
  const miniBatch = Math.ceil(episodes / settings.miniBatches)
  return Math.min(settings.batchSize ?? miniBatch, miniBatch)
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
