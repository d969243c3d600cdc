import path from 'node:path'
import type { TrainingJob } from '@temper/db/contracts'
import { lastCheckpoint, makeToy, runToyJob, segmentOf, type Toy } from '@temper/engine/toy'

/** 30 steps over all rows of the toy task, so that batches of another form hold the same rows; or 30 rollouts and what is learnt of them. */
const jobs = {
  pretrain: (toy: Toy) => toy.pretrain({ ...unseen, steps: 30 }),
  sft: (toy: Toy, { policy }: Models, form: object) =>
    toy.sft(policy, { ...unseen, epochs: 30, batchSize: 6, packing: false, ...form }),
  reward: (toy: Toy, { policy }: Models, form: object) =>
    toy.reward(policy, { ...gentle, epochs: 30, batchSize: 6, ...form }),
  dpo: (toy: Toy, { policy }: Models, form: object) =>
    toy.dpo(policy, { ...unseen, epochs: 30, batchSize: 5, ...form }),
  ppo: (toy: Toy, { policy, reward }: Models, form: object) =>
    toy.ppo(policy, reward, { ...unseen, iterations: 30, ...form }),
  grpo: (toy: Toy, { policy, reward }: Models, form: object) =>
    toy.grpo(policy, reward, { ...unseen, iterations: 30, updateEpochs: 2, beta: 0.05, ...form }),
  rloo: (toy: Toy, { policy, reward }: Models, form: object) =>
    toy.rloo(policy, reward, { ...unseen, iterations: 30, updateEpochs: 2, ...form }),
}

/**
 * So that rounding errors do not grow from step to step: with AdamW's usual epsilon of 1e-8 a gradient that is all
 * rounding error, as those of some weights are, would be a step of its own.
 */
const gentle = { learningRate: 0.001, epsilon: 1e-5 }
/** Of policies, whose answers on the way nobody needs to see. */
const unseen = { ...gentle, samplePrompts: 0 }

export type Method = keyof typeof jobs
export const methods = Object.keys(jobs) as Method[]

interface Models {
  policy: string
  reward: string
}

/** The toy task, with what its methods start from: the ends of the trajectories of pretrain and reward. */
export interface Task {
  /** The job of a method in a folder of its own; `form` has settings that must not change the numbers. */
  job(method: Method, form?: object): TrainingJob
  remove(): Promise<void>
}

export async function makeTask(): Promise<Task> {
  const toy = await makeToy()
  let made = 0
  const folder = () => path.join(toy.dir, `run-${made++}`)
  const train = async (job: TrainingJob) => lastCheckpoint(await runToyJob(segmentOf(job, folder())))
  const policy = await train(jobs.pretrain(toy))
  const reward = await train(jobs.reward(toy, { policy, reward: '' }, {}))
  return {
    job: (method, form = {}) => segmentOf(jobs[method](toy, { policy, reward }, form), folder()),
    remove: toy.remove,
  }
}
