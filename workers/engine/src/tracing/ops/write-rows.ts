import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

const writable = new WeakSet<Variable>()

/** Programs call it for variables declared `inPlace`. */
export function allowRowWrites(variable: Variable): void {
  writable.add(variable)
}

/**
 * Replaces rows of a variable (R, D): row `rows[i]` becomes `values[i]`; rows (n) int32 are distinct, values (n, D).
 * Returns the whole updated contents (R, D), which later reads in the function should use; the variable keeps them.
 * A traced function writes into the variable's own buffer, so the variable must be declared `inPlace` and must not
 * have been read earlier in the same function.
 */
export function writeRows(variable: Variable, rows: Tensor, values: Tensor): Tensor {
  checkShapes(variable, rows, values)
  const scope = traceScope()
  if (scope) return scope.writeRows(variable, rows, values)
  return tf.tidy(() => {
    variable.assign(tf.tensorScatterUpdate(variable, rows.expandDims(1), values))
    return tf.clone(variable)
  })
}

/** Row `to[i]` of a variable (R, D), declared `inPlace`, becomes its row `from[i]`; both (n) int32, no row in both. */
export function copyRows(variable: Variable, from: Tensor, to: Tensor): void {
  const scope = traceScope()
  if (scope) scope.copyRows(variable, from, to)
  else tf.tidy(() => writeRows(variable, to, tf.gather(variable, from)))
}

function checkShapes(variable: Variable, rows: Tensor, values: Tensor): void {
  const [, width] = variable.shape
  if (!writable.has(variable)) {
    throw new TemperError('invalid_input', `writeRows takes a variable declared inPlace, ${variable.name} is not`)
  }
  const right = variable.rank === 2 && rows.rank === 1 && rows.dtype === 'int32'
  if (!right || values.shape.length !== 2 || values.shape[0] !== rows.shape[0] || values.shape[1] !== width) {
    throw new TemperError(
      'invalid_input',
      `writeRows takes a variable (R, D), int32 rows (n) and values (n, D), got ` +
        `[${variable.shape}], ${rows.dtype} [${rows.shape}] and [${values.shape}]`,
    )
  }
}
