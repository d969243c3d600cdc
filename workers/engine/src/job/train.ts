import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type TrainingJob, toTemperError } from '@temper/db/contracts'
import { manifestName, removeUnfinished } from '../checkpoint/index.ts'
import {
  createDpoTrainer,
  createGroupTrainer,
  createPpoTrainer,
  createRewardTrainer,
  createSupervisedTrainer,
  type JobContext,
  runSegment,
  type Trainer,
} from '../trainers/index.ts'

interface Live {
  stage: string
  trainer: Trainer
  /** Manifest of the checkpoint that the trainer's state equals. */
  manifest: string
}

/**
 * Runs segments of training stages. A trainer lives on after a segment; the next job goes on with it if it is the same
 * stage and resumes from the very checkpoint that the trainer wrote last, so that loading and tracing are paid once.
 */
export function createTrainingRunner(context: JobContext) {
  let live: Live | undefined

  const release = () => {
    live?.trainer.close()
    live = undefined
  }

  const trainerFor = async (job: TrainingJob): Promise<Trainer> => {
    const resumed = job.resumeFrom ? await readManifest(job.resumeFrom) : undefined
    if (live && live.stage === stageKey(job) && resumed === live.manifest) return live.trainer
    release()
    await removeUnfinished(job.outDir)
    const trainer = await createTrainer(job, context)
    try {
      await trainer.prepare(job.resumeFrom)
    } catch (thrown) {
      trainer.close()
      throw thrown
    }
    return trainer
  }

  const run = async (job: TrainingJob) => {
    let trainer: Trainer | undefined
    let lastDir: string | undefined
    try {
      trainer = await trainerFor(job)
      live = undefined
      await runSegment(trainer, job, context, (dir) => {
        lastDir = dir
      })
    } catch (thrown) {
      trainer?.close()
      if (!context.stopRequested() || toTemperError(thrown).code !== 'cancelled') throw thrown
      context.emit({ type: 'done', outcome: 'stopped', step: trainer?.step ?? 0, totalSteps: 0, result: {} })
      return
    }
    if (lastDir) live = { stage: stageKey(job), trainer, manifest: await readManifest(lastDir) }
    else trainer.close()
  }
  return { run, release }
}

function createTrainer(job: TrainingJob, context: JobContext): Promise<Trainer> {
  switch (job.type) {
    case 'pretrain':
    case 'sft':
      return createSupervisedTrainer(job, context)
    case 'reward':
      return createRewardTrainer(job, context)
    case 'dpo':
      return createDpoTrainer(job, context)
    case 'ppo':
      return createPpoTrainer(job, context)
    case 'grpo':
    case 'rloo':
      return createGroupTrainer(job, context)
  }
}

function readManifest(dir: string): Promise<string> {
  return readFile(path.join(dir, manifestName), 'utf8')
}

/** Segments of one stage differ only in where they resume, how long they are, and what is known of the reference. */
function stageKey(job: TrainingJob): string {
  return JSON.stringify({ ...job, segment: undefined, resumeFrom: undefined, referenceLogps: undefined })
}
