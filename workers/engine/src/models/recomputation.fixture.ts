import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { gradients, TracedProgram, withRecomputation } from '../tracing/index.ts'
import { addRole, loadModel, paramsOf } from './index.ts'

/** A model whose activations are many times its weights: 12 layers, 2,048 tokens of 128 numbers, 512 within a layer. */
const config = {
  model_type: 'llama',
  vocab_size: 64,
  hidden_size: 128,
  intermediate_size: 512,
  num_hidden_layers: 12,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  max_position_embeddings: 64,
  hidden_act: 'silu',
  tie_word_embeddings: true,
}
const [rows, length] = [32, 64]

/** Prints by how much one backward pass raises the memory of this process, MB, and the norm of a gradient. */
export async function print(recompute: boolean): Promise<void> {
  const model = loadModel(config)
  const program = new TracedProgram()
  await addRole(program, 'policy', model, model.initialize(0))
  const grid = { shape: [rows, length], dtype: 'int32' } as const
  const inputs = { ids: grid, positions: grid, segments: grid }
  const backward = program.define('backward', { inputs }, (variables, { segments, ...input }) => {
    const params = paramsOf(variables, 'policy')
    const loss = () =>
      withRecomputation(recompute, () =>
        model
          .hiddenStates(params, input, packedCausalAttention({ segments, positions: input.positions }))
          .square()
          .mean()
          .asScalar(),
      )
    const { grads } = gradients(loss, params)
    return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, tf.norm(grad)]))
  })
  const count = (of: (i: number) => number) => Int32Array.from({ length: rows * length }, (_, i) => of(i))
  const peakMb = () => process.resourceUsage().maxRSS / 1024
  const before = peakMb()
  const norms = await backward({
    ids: count((i) => (i * 7) % 64),
    positions: count((i) => i % length),
    segments: count(() => 1),
  })
  const peak = peakMb() - before
  const values = Object.values(norms).map(({ data }) => data[0] ?? Number.NaN)
  process.stdout.write(JSON.stringify({ peak, values }))
  program.close()
}
