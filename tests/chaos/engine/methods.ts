import path from 'node:path'
import type { TrainingJob } from '@temper/db/contracts'
import { lastCheckpoint, makeToy, segmentOf, type Toy } from '@temper/engine/toy'
import { type Place, runStage } from './run-stage.ts'

/** Methods whose runs are killed, each some steps long on the engine's toy task. Most accumulate several passes a step. */
const jobs = {
  pretrain: (toy: Toy) =>
    toy.pretrain(
      { ...unseen, steps: 14, batchSize: 2, gradientAccumulation: 2, validateEverySteps: 4, checkpointEverySteps: 3 },
      { validation: 0.2 },
    ),
  sft: (toy: Toy, { policy }: Models) =>
    toy.sft(policy, { ...seen, epochs: 14, gradientAccumulation: 3, packing: false, checkpointEverySteps: 3 }),
  reward: (toy: Toy, { policy }: Models) =>
    toy.reward(policy, { epochs: 14, gradientAccumulation: 2, checkpointEverySteps: 3 }),
  dpo: (toy: Toy, { policy }: Models) =>
    toy.dpo(policy, { ...unseen, epochs: 14, gradientAccumulation: 2, evaluateEverySteps: 4, checkpointEverySteps: 3 }),
  ppo: (toy: Toy, { policy, reward }: Models) =>
    toy.ppo(policy, reward, { ...unseen, iterations: 8, checkpointEverySteps: 2 }),
  grpo: (toy: Toy, { policy, reward }: Models) =>
    toy.grpo(policy, reward, { ...unseen, iterations: 8, beta: 0.05, checkpointEverySteps: 2 }),
  rloo: (toy: Toy, { policy, reward }: Models) =>
    toy.rloo(policy, reward, { ...unseen, iterations: 8, checkpointEverySteps: 2 }),
}

/** Whether people are shown answers on the way: at given steps, since by default time decides. */
const seen = { samplePrompts: 2, sampleEverySteps: 4 }
const unseen = { samplePrompts: 0 }

interface Models {
  policy: string
  reward: string
}

export type Method = keyof typeof jobs
export const methods = Object.keys(jobs) as Method[]

/** The toy task with a policy and a reward model that its methods start from. */
export interface Task {
  dir: string
  /** The job of a method, in a folder of its own below `dir`. */
  job(method: Method, folder: string): TrainingJob
  remove(): Promise<void>
}

/** Trains what the methods start from. */
export async function makeTask(place: Place): Promise<Task> {
  const toy = await makeToy()
  const train = async (job: TrainingJob) =>
    lastCheckpoint((await runStage(place, job)).attempts.flatMap(({ events }) => events))
  const policy = await train(toy.pretrain())
  const reward = await train(toy.reward(policy))
  return {
    dir: toy.dir,
    job: (method, folder) => segmentOf(jobs[method](toy, { policy, reward }), path.join(toy.dir, folder)),
    remove: toy.remove,
  }
}
