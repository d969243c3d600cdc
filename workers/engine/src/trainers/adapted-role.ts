import type { LoraSettings, TrainingJob } from '@temper/db/contracts'
import type { Feeds } from '../forward/index.ts'
import { type AdaptedRole, addBase, addRole, freshAdapter, isAdapted, type Model, type Role } from '../models/index.ts'
import { randomInt, seedOf } from '../random.ts'
import type { Program } from '../tracing/index.ts'

/** The `lora` settings of a job; undefined where it trains all weights. */
export function loraOf({ settings }: TrainingJob): LoraSettings | undefined {
  return 'lora' in settings ? settings.lora : undefined
}

/** A role with adapters over those weights that a program holds under `base`. */
export function adaptedRole(name: string, base: string, lora: LoraSettings, seed: number): AdaptedRole {
  const { dropout, ...adapter } = lora
  return { name, base, adapter, dropout: dropout > 0 ? { rate: dropout, seed } : undefined }
}

/** Adds the weights that a stage trains: all of them, or with `lora` fresh adapters over them, frozen under `base`. */
export async function addTrainedRole(
  program: Program,
  name: string,
  { model, tensors }: { model: Model; tensors: Record<string, Float32Array> },
  job: TrainingJob,
): Promise<Role> {
  const lora = loraOf(job)
  if (!lora) {
    await addRole(program, name, model, tensors)
    return name
  }
  const role = adaptedRole(name, 'base', lora, job.seed)
  await addBase(program, role.base, model, tensors)
  await addRole(program, role, model, { ...tensors, ...freshAdapter(model, role.adapter, job.seed) })
  return role
}

/**
 * What adapters drop in one pass of a training step, as a seed: a function of the stage's seed, step and pass, so that a
 * resumed stage drops the same. Nothing for roles without dropout.
 */
export function dropoutFeeds(role: Role, step: number, pass: number): Feeds {
  if (!isAdapted(role) || !role.dropout) return {}
  const { seed } = role.dropout
  const word = (index: number) => randomInt(2 ** 31, seed, seedOf('lora/dropout'), step, pass, index)
  return { dropoutSeed: { shape: [2], data: Int32Array.of(word(0), word(1)) } }
}
