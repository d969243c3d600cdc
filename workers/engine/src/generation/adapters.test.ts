import { samplingSchema } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { tinyFamily } from '../models/families.fixture.ts'
import { type AdaptedRole, addBase, addRole, freshAdapter, paramsOf } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/index.ts'
import { EagerProgram, type Program, TracedProgram } from '../tracing/index.ts'
import { Generator } from './generator.ts'

const model = tinyFamily('llama', { initializer_range: 0.5 })
const role: AdaptedRole = { name: 'policy', base: 'base', adapter: { rank: 2, alpha: 4, rsLora: false } }
const prompts = [[3, 9, 4], [7], [5, 6, 11, 2, 8, 12, 10]]
const request = { prompts, sampling: samplingSchema.parse({ temperature: 1, maxTokens: 8 }), stopIds: [], seed: 5 }

async function open<P extends Program>(program: P): Promise<P> {
  const adapters = Object.entries(freshAdapter(model, role.adapter, 1)).map(([name, values]) => {
    return [name, values.map((_, i) => Math.sin(i * 7 + name.length) / 4)] as const
  })
  await addBase(program, 'base', model, model.initialize(3))
  await addRole(program, role, model, Object.fromEntries(adapters))
  return program
}

/** Log-probs of the next token behind each token of a sequence, from a forward pass without a cache: T rows of V. */
async function nextLogps(program: Program, ids: readonly number[]) {
  const grid = { shape: [1, ids.length], dtype: 'int32' as const }
  const inputs = { ids: grid, positions: grid, segments: grid }
  const forward = program.define(
    `forward ${ids.join()}`,
    { inputs },
    (variables, { ids: tokens, positions, segments }) => {
      const params = paramsOf(variables, role)
      const states = model.hiddenStates(
        params,
        { ids: tokens, positions },
        packedCausalAttention({ segments, positions }),
      )
      return {
        logps: tf.logSoftmax(tf.matMul(states.reshape([ids.length, -1]), model.headWeight(params), false, true)),
      }
    },
  )
  const int = (value: (id: number, i: number) => number) => Int32Array.from(ids, value)
  return (await forward({ ids: int((id) => id), positions: int((_, i) => i), segments: int(() => 1) })).logps.data
}

it('samples from adapters over weights that another role samples from without them', async () => {
  const program = await open(new TracedProgram())
  const completions = await new Generator(program, model, role, 3).generate(request)
  const plain = await new Generator(program, model, 'base', 3).generate(request)
  program.close()
  expect(completions.map(({ ids }) => ids)).not.toEqual(plain.map(({ ids }) => ids))

  const eager = await open(new EagerProgram())
  for (const [i, { ids, logps }] of completions.entries()) {
    const prompt = prompts[i] ?? []
    const expected = await nextLogps(eager, [...prompt, ...ids])
    expect(ids).toHaveLength(8)
    for (const [t, id] of ids.entries()) {
      expect(logps[t]).toBeCloseTo(expected[(prompt.length - 1 + t) * model.vocabSize + id] ?? Number.NaN, 4)
    }
  }
  eager.close()
})
