import { readCheckpoint } from '@temper/engine/checkpoint'
import { tokenScores } from '@temper/engine/losses'
import { addRole, type Model, paramsOf } from '@temper/engine/models'
import { packedCausalAttention } from '@temper/engine/nn'
import { type Inputs, type Program, TracedProgram, type Variables } from '@temper/engine/tracing'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { BatchKey } from './token-batch.ts'

export interface OpenModels {
  program: Program
  model: Model
}

/** Loads checkpoints of one architecture into a program, by role. */
export async function openModels(folders: Record<string, string>): Promise<OpenModels> {
  const program = new TracedProgram()
  let model: Model | undefined
  for (const [role, dir] of Object.entries(folders)) {
    const checkpoint = await readCheckpoint(dir)
    await addRole(program, role, checkpoint.model, checkpoint.tensors)
    model = checkpoint.model
  }
  if (!model) throw new Error('no folder was given')
  return { program, model }
}

/** Hidden states (N, D) of a batch under the weights of a role. @param at - int32 (N), flat places in (B·T) */
export function hiddenStates(model: Model, variables: Variables, role: string, inputs: Inputs<BatchKey>, at: Tensor) {
  return model.hiddenStates(paramsOf(variables, role), { ...inputs, at }, packedCausalAttention(inputs))
}

/** Log-probabilities (M) of a batch's targets under the weights of a role. */
export function targetLogps(model: Model, variables: Variables, role: string, inputs: Inputs<BatchKey>) {
  const head = model.headWeight(paramsOf(variables, role))
  const hidden = hiddenStates(model, variables, role, inputs, inputs.lossPositions)
  return tokenScores(hidden, head, inputs.targets).logps
}
