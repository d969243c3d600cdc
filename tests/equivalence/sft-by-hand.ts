import { conversationRowSchema, type JobOf } from '@temper/db/contracts'
import { conversationSequence, readRows, toBatch } from '@temper/engine/data'
import { type BatchInputs, batchFeeds, type Feeds, feedData, inputsOf } from '@temper/engine/forward'
import { languageModelingLoss } from '@temper/engine/losses'
import { type Attend, addRole, type Model, paramsOf, roleNames } from '@temper/engine/models'
import { attention, packedCausalAttention } from '@temper/engine/nn'
import { learningRateAt, optimizerStep, optimizerVariables } from '@temper/engine/optim'
import { tf } from '@temper/engine/runtime'
import { gradients, type Inputs, TracedProgram, type Variables } from '@temper/engine/tracing'
import { startFromCheckpoint } from '@temper/engine/trainers'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Trajectory } from './trajectory.ts'

/** How the same step is computed. */
export interface Form {
  /** All scores of a row at once, or in tiles; by our kernels or by TensorFlow's operations. */
  attention: 'plain' | 'tiled'
  kernels: boolean
  /** Logits that are held at once. */
  maxLogits: number
}

/** The steps of an sft job whose every batch is all of its rows, without the trainer: in any form of attention and head. */
export async function sftByHand(job: JobOf<'sft'>, form: Form): Promise<Trajectory> {
  const { model, tensors, tokenizer } = await startFromCheckpoint(job.model)
  const { maxLength, epochs: totalSteps } = job.settings
  const files = await Promise.all(job.data.map((source) => readRows(source.path, conversationRowSchema)))
  const rows = files.flat()
  const batch = toBatch(
    rows.map(({ messages }) => [conversationSequence(tokenizer, messages, maxLength)]),
    { rowLength: maxLength },
  )
  const feeds = (step: number): Feeds =>
    batchFeeds(batch, { step, learningRate: learningRateAt(step - 1, { ...job.settings, warmupSteps: 0, totalSteps }) })

  const program = new TracedProgram({ kernels: form.kernels })
  await addRole(program, 'policy', model, tensors)
  const trained = roleNames('policy', model)
  await program.addVariables(
    optimizerVariables(Object.fromEntries(trained.map((name) => [name, program.shapeOf(name)]))),
  )
  const run = program.define('step', { inputs: inputsOf(feeds(1)) }, (variables, inputs) => {
    const { value, grads } = gradients(() => lossOf(model, variables, inputs, form), pick(variables, trained))
    const rates = inputs as Inputs<'learningRate' | 'step'>
    const { grad_norm } = optimizerStep(variables, grads, job.settings, { ...rates, loss: value })
    return { loss: value, grad_norm }
  })
  const trajectory = { loss: [] as number[], grad_norm: [] as number[] }
  for (let step = 1; step <= totalSteps; step++) {
    const outputs = await run(feedData(feeds(step)))
    trajectory.loss.push(outputs.loss.data[0] ?? Number.NaN)
    trajectory.grad_norm.push(outputs.grad_norm.data[0] ?? Number.NaN)
  }
  program.close()
  return trajectory
}

function lossOf(model: Model, variables: Variables, inputs: Inputs<string>, { attention: kind, maxLogits }: Form) {
  const batch = inputs as BatchInputs
  const params = paramsOf(variables, 'policy')
  const attend = kind === 'plain' ? causalAttention(batch.ids.shape[1] ?? 0) : packedCausalAttention(batch)
  const hidden = model.hiddenStates(params, { ...batch, at: batch.lossPositions }, attend)
  const scored = { ...batch, hidden, headWeight: model.headWeight(params) }
  const { lossSum, denominator } = languageModelingLoss(scored, { maxLogits })
  return lossSum.div(denominator) as Tensor
}

/** As it is usually written. A row holds one sequence and padding behind it, which nothing real sees. */
function causalAttention(length: number): Attend {
  const order = tf.range(0, length, 1, 'int32')
  const ahead = tf.less(order.expandDims(1), order.expandDims(0)).cast('float32').mul(1e9)
  return (_layer, q, k, v) => attention(q, k, v, ahead.reshape([1, 1, length, length]))
}

function pick(variables: Variables, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.flatMap((name) => (variables[name] ? [[name, variables[name]]] : [])))
}
