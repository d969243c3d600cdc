import { EventEmitter } from 'node:events'
import type { Job } from '@temper/db/contracts'
import type { JobContext } from '../trainers/index.ts'
import { evaluatePolicies } from './evaluate.ts'
import { importModel } from './import-model.ts'
import { sampleCompletions } from './sample.ts'
import { type Commands, serveModels } from './serve-models.ts'
import { createTrainingRunner } from './train.ts'

/**
 * Runs jobs one after another; between the segments of one stage it keeps the trainer with its traced functions.
 * @param commands - to the job that runs; none come unless given
 */
export function createJobRunner(
  context: JobContext,
  commands: Commands = new EventEmitter(),
): (job: Job) => Promise<void> {
  const training = createTrainingRunner(context)
  return async (job) => {
    switch (job.type) {
      case 'pretrain':
      case 'sft':
      case 'reward':
      case 'dpo':
      case 'ppo':
      case 'grpo':
      case 'rloo':
        return training.run(job)
      case 'sample':
        training.release()
        return sampleCompletions(job, context)
      case 'evaluate':
        training.release()
        return evaluatePolicies(job, context)
      case 'serve':
        // Comes between two segments of a stage, and ends soon where training waits: the trainer stays.
        return serveModels(job, context, commands)
      case 'import':
        return importModel(job, context)
    }
  }
}
