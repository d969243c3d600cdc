import { type JobOf, promptSourceRowSchema } from '@temper/db/contracts'
import { readRows } from '../data/index.ts'
import type { Model, Role } from '../models/index.ts'
import type { RewardSource } from '../rollout/index.ts'
import type { Prompt, Tokenizer } from '../tokenizer/index.ts'
import { type Program, TracedProgram } from '../tracing/index.ts'
import { addPolicy } from './add-policy.ts'
import { addRewards } from './create-rewards.ts'
import { PromptSamples, promptsOf } from './prompt-samples.ts'
import { readPrompts } from './read-prompts.ts'
import { startFromCheckpoint } from './start.ts'
import { type CheckpointParts, checkpointParts } from './training-state.ts'

/** What trainers that learn from rewards are made from. */
export interface RolloutParts {
  program: Program
  policy: Model
  /** Where the program holds the policy's weights. Those that it has at the start, the reference, are role `ref`. */
  policyRole: Role
  rewards: readonly RewardSource[]
  tokenizer: Pick<Tokenizer, 'stopIds' | 'decode'>
  prompts: readonly Prompt[]
  seed: number
  checkpoint: CheckpointParts
  samples?: PromptSamples
}

/** The parts from a job, with policy and frozen reward models in one program, and a frozen reference if there is one. */
export async function rolloutParts(job: JobOf<'ppo' | 'grpo' | 'rloo'>, options: { hasReference: boolean }) {
  const start = await startFromCheckpoint(job.model)
  const prompts = await readPrompts(job, start)
  const program = new TracedProgram()
  const placed = await addPolicy(program, job, start, options)
  const { sources: rewards, firstModel } = await addRewards(program, job.rewards, start, placed)
  const { model: policy, tokenizer } = start
  const { policyRole } = placed
  const shown = { program, model: policy, role: policyRole, tokenizer }
  const heldOut = job.heldOut === undefined ? [] : await readRows(job.heldOut, promptSourceRowSchema)
  const choice = { heldOut: promptsOf(tokenizer, heldOut.map(({ messages }) => messages)), firstRows: prompts } // biome-ignore format: one line
  const samples = new PromptSamples(shown, choice, job.settings)
  const checkpoint = checkpointParts(job, start)
  const parts = { program, policy, policyRole, rewards, tokenizer, prompts, seed: job.seed, checkpoint, samples }
  return { parts: parts satisfies RolloutParts, start, firstModel }
}
