import { addRole, type Model, type Role } from '../models/index.ts'
import type { Program, Storage } from '../tracing/index.ts'
import { withWeights } from './read-tensors.ts'

/**
 * Adds the weights in a checkpoint's folder as those of a role (see `addRole`), without ever holding all of them beside it.
 * @throws TemperError invalid_checkpoint where weights and model do not fit
 */
export function addStoredRole(
  program: Program,
  role: Role,
  dir: string,
  model: Model,
  storage?: Storage,
): Promise<void> {
  return withWeights(dir, model, (read) => {
    const readers = Object.keys(model.parameterShapes).map((name) => [name, () => read(name)] as const)
    return addRole(program, role, model, Object.fromEntries(readers), storage)
  })
}
