import { join } from 'node:path'
import { paramsOf } from '@temper/engine/models'
import { linear } from '@temper/engine/nn'
import { readJson } from '../read-json.ts'
import { Checks } from '../result.ts'
import { tolerances } from '../tolerances.ts'
import { hiddenStates, type OpenModels, openModels, targetLogps } from './open-models.ts'
import { type ForwardReference, forwardSchema } from './reference-files.ts'
import { batchInputs, tokenBatch } from './token-batch.ts'

/** Logits of row 0 and of the last token of row 2; losses over all real tokens and over completions. */
export async function checkForward(dir: string): Promise<Checks> {
  const reference = await readJson(join(dir, 'forward.json'), forwardSchema)
  const models = await openModels({ policy: join(dir, 'checkpoint') })
  const checks = new Checks()
  try {
    const logits = await computeLogits(models, reference)
    const [length0 = 0] = reference.lengths
    const expected = [...reference.logits_row0.slice(0, length0), reference.logits_last_row2].flat()
    checks.absolute('logits', logits, expected, tolerances.logits)
    checks.absolute('lm_loss', [await computeLoss(models, reference, 'all')], [reference.lm_loss], tolerances.loss)
    const loss = await computeLoss(models, reference, 'completion')
    checks.absolute('completion_loss', [loss], [reference.completion_loss], tolerances.loss)
    return checks
  } finally {
    models.program.close()
  }
}

/** Logits at the real positions of row 0, then at the last one of row 2, one after another. */
async function computeLogits({ program, model }: OpenModels, reference: ForwardReference) {
  const { inputs, feeds } = batchInputs(tokenBatch(reference, 'all'))
  const width = inputs.ids.shape[1] ?? 0
  const places = [...Array(reference.lengths[0] ?? 0).keys(), 2 * width + (reference.lengths[2] ?? 0) - 1]
  const at = { shape: [places.length], dtype: 'int32' as const }
  const run = program.define('logits', { inputs: { ...inputs, at } }, (variables, tensors) => {
    const hidden = hiddenStates(model, variables, 'policy', tensors, tensors.at)
    return { logits: linear(hidden, model.headWeight(paramsOf(variables, 'policy'))) }
  })
  const { logits } = await run({ ...feeds, at: Int32Array.from(places) })
  return logits.data
}

async function computeLoss({ program, model }: OpenModels, reference: ForwardReference, take: 'all' | 'completion') {
  const { inputs, feeds } = batchInputs(tokenBatch(reference, take))
  const run = program.define(`loss of ${take}`, { inputs }, (variables, tensors) => {
    return { loss: targetLogps(model, variables, 'policy', tensors).mean().neg() }
  })
  const { loss } = await run(feeds)
  return loss.data[0] ?? Number.NaN
}
