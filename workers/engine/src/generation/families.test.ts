import { samplingSchema } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { freshParams, statesOf, tinyFamily } from '../models/families.fixture.ts'
import { addRole } from '../models/index.ts'
import { tf } from '../runtime/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { Generator } from './generator.ts'

const prompts = [[3, 9, 4], [7], [5, 6, 11, 2, 8, 12, 10]]

describe.each(['mistral', 'qwen2', 'qwen3', 'mixtral', 'qwen3_moe'])('generation with %s', (modelType) => {
  it('gives the log-probs of a forward pass without a cache', async () => {
    const model = tinyFamily(modelType, { initializer_range: 0.5 })
    const program = new TracedProgram()
    await addRole(program, 'policy', model, model.initialize(3))
    const sampling = samplingSchema.parse({ temperature: 1, maxTokens: 8 })
    const completions = await new Generator(program, model, 'policy', 3).generate({
      prompts,
      sampling,
      stopIds: [],
      seed: 5,
    })
    program.close()
    for (const [i, prompt] of prompts.entries()) {
      const { ids = [], logps = [] } = completions[i] ?? {}
      const expected = tf.tidy(() => {
        const params = freshParams(model, 3)
        const hidden = statesOf(model, params, [...prompt, ...ids])
        const logits = tf.matMul(
          tf.reshape(hidden, [prompt.length + ids.length, -1]),
          model.headWeight(params),
          false,
          true,
        )
        return tf.logSoftmax(logits).arraySync() as number[][]
      })
      expect(ids).toHaveLength(8)
      for (const [t, id] of ids.entries())
        expect(logps[t]).toBeCloseTo(expected[prompt.length - 1 + t]?.[id] ?? Number.NaN, 4)
    }
  })
})
