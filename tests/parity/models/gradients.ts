import { join } from 'node:path'
import { paramsOf } from '@temper/engine/models'
import { globalNorm, gradients } from '@temper/engine/tracing'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'
import { openModels, targetLogps } from './open-models.ts'
import { forwardSchema } from './reference-files.ts'
import { batchInputs, tokenBatch } from './token-batch.ts'

/** Norm of the completion loss's gradient in every parameter, and of all together. */
export async function checkGradients(dir: string): Promise<Checks> {
  const reference = await readJson(join(dir, 'forward.json'), forwardSchema)
  const { program, model } = await openModels({ policy: join(dir, 'checkpoint') })
  const { inputs, feeds } = batchInputs(tokenBatch(reference, 'completion'))
  try {
    const run = program.define('gradients', { inputs }, (variables, tensors): Record<string, Tensor> => {
      const loss = () => targetLogps(model, variables, 'policy', tensors).mean().neg()
      const { grads } = gradients(loss, paramsOf(variables, 'policy'))
      const norms = Object.entries(grads).map(([name, grad]) => [name, globalNorm([grad])] as const)
      return { ...Object.fromEntries(norms), all: globalNorm(Object.values(grads)) }
    })
    const { all, ...norms } = await run(feeds)
    return compare(norms, all, reference.completion_grad_norms, reference.completion_grad_global_norm)
  } finally {
    program.close()
  }
}

type Scalar = { data: ArrayLike<number> }

function compare(
  norms: Record<string, Scalar>,
  all: Scalar | undefined,
  expected: Record<string, number>,
  global: number,
) {
  const checks = new Checks()
  checks.names('parameters', Object.keys(norms), Object.keys(expected))
  for (const [name, norm] of Object.entries(expected)) {
    checks.relative(name, norms[name]?.data ?? [], [norm], tolerances.gradientNorm)
  }
  checks.relative('global norm', all?.data ?? [], [global], tolerances.gradientNorm)
  return checks
}
