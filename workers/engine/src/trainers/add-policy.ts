import type { JobOf } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import { addRole, freshAdapter, type Role } from '../models/index.ts'
import type { Program } from '../tracing/index.ts'
import { adaptedRole, loraOf } from './adapted-role.ts'
import { resumedWeights, type Start } from './start.ts'

export interface PlacedPolicy {
  policyRole: Role
  /** Holds what the policy starts from, frozen: the reference, and with `lora` the base of adapters. */
  startRole: 'ref' | undefined
}

/**
 * Adds the policy of a stage that learns from rewards: with `lora` as fresh adapters over the weights that it starts
 * from, else all of it, and those weights beside it only where the stage has a reference.
 */
export async function addPolicy(
  program: Program,
  job: JobOf<'ppo' | 'grpo' | 'rloo'>,
  start: Start,
  { hasReference }: { hasReference: boolean },
): Promise<PlacedPolicy> {
  const { model, tensors } = start
  const lora = loraOf(job)
  if (lora || hasReference) await addRole(program, 'ref', model, tensors)
  if (lora) {
    const policyRole = adaptedRole('policy', 'ref', lora, job.seed)
    await addRole(program, policyRole, model, freshAdapter(model, policyRole.adapter, job.seed))
    return { policyRole, startRole: 'ref' }
  }
  const resumed = resumedWeights(job)
  await addRole(program, 'policy', model, resumed ? (await readCheckpoint(resumed)).tensors : tensors)
  return { policyRole: 'policy', startRole: hasReference ? 'ref' : undefined }
}
