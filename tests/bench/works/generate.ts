import { samplingSchema } from '@temper/db/contracts'
import { Generator } from '@temper/engine/generation'
import { addRole } from '@temper/engine/models'
import { modelOf } from './model.ts'
import { randomRows } from './random-tokens.ts'
import { type OpenWork, timed } from './work.ts'

/** B prompts of P tokens, N sampled tokens each, prefill included; in bf16 weights and cache are bf16 too. */
export const openGenerate: OpenWork = async (size, precision, { program }) => {
  const { prompts: count, promptLength, newTokens } = size.generate
  const model = modelOf(size)
  await addRole(program, 'policy', model, model.initialize(0), precision)
  const generator = new Generator(program, model, 'policy', count, precision)
  const prompts = randomRows(count, promptLength, size.vocabSize)
  const sampling = samplingSchema.parse({ temperature: 1, maxTokens: newTokens })
  return {
    perStep: count * newTokens,
    step: () => timed(() => generator.generate({ prompts, sampling, stopIds: [], seed: 0 })),
    close: () => program.close(),
  }
}
