import { samplingSchema } from '@temper/db/contracts'
import { Generator } from '@temper/engine/generation'
import { sequenceLogps } from '@temper/engine/losses'
import { paramsOf } from '@temper/engine/models'
import { linear } from '@temper/engine/nn'
import type { Tokenizer } from '@temper/engine/tokenizer'
import { hiddenStates, type OpenModels, targetLogps } from '../models/open-models.ts'
import { batchInputs, tokenBatch } from '../models/token-batch.ts'
import type { Checks } from '../result.ts'
import type { Smollm2Reference } from './smollm2-reference.ts'

/** The most likely next tokens of each chat, in order, their logits, and the logarithm of the sum of all. */
export async function checkNextTokens(checks: Checks, { program, model }: OpenModels, reference: Smollm2Reference) {
  const { chats, tolerance } = reference
  const ids = chats.map(({ prompt_ids }) => prompt_ids)
  const { inputs, feeds } = batchInputs(batchOf(ids, 1))
  const width = inputs.ids.shape[1] ?? 0
  const at = { shape: [ids.length], dtype: 'int32' as const }
  const run = program.define('next tokens', { inputs: { ...inputs, at } }, (variables, tensors) => {
    const hidden = hiddenStates(model, variables, 'policy', tensors, tensors.at)
    const logits = linear(hidden, model.headWeight(paramsOf(variables, 'policy')))
    return { logits, logSums: logits.logSumExp(-1) }
  })
  const last = Int32Array.from(ids, (row, i) => i * width + row.length - 1)
  const { logits, logSums } = await run({ ...feeds, at: last })
  for (const [i, { top5, logsumexp }] of chats.entries()) {
    const row = Array.from(logits.data.slice(i * model.vocabSize, (i + 1) * model.vocabSize))
    const order = [...row.keys()].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0)).slice(0, top5.length)
    const expected = top5.map(([, logit]) => logit)
    checks.absolute(
      `logits of chat ${i}`,
      top5.map(([id]) => row[id] ?? Number.NaN),
      expected,
      tolerance.logits,
    )
    checks.tokens(
      `top of chat ${i}`,
      order,
      top5.map(([id]) => id),
    )
    checks.absolute(`logsumexp of chat ${i}`, [logSums.data[i] ?? Number.NaN], [logsumexp], tolerance.logits)
  }
}

/** Greedy answers through the shipped generator, all chats at once. */
export async function checkGreedyChats(
  checks: Checks,
  { program, model }: OpenModels,
  { stopIds }: Tokenizer,
  { chats }: Smollm2Reference,
) {
  const generator = new Generator(program, model, 'policy', chats.length)
  const maxTokens = Math.max(...chats.map(({ greedy_ids }) => greedy_ids.length))
  const sampling = samplingSchema.parse({ temperature: 0, maxTokens })
  const prompts = chats.map(({ prompt_ids }) => prompt_ids)
  const completions = await generator.generate({ prompts, sampling, stopIds, seed: 0 })
  for (const [i, { greedy_ids }] of chats.entries()) checks.tokens(`chat ${i}`, completions[i]?.ids ?? [], greedy_ids)
}

/** Summed log-probabilities of both answers, pair by pair: the logits of all would take hundreds of megabytes. */
export async function checkPairs(checks: Checks, { program, model }: OpenModels, reference: Smollm2Reference) {
  for (const [i, pair] of reference.pairs.entries()) {
    const rows = [pair.chosen_ids, pair.rejected_ids].map((answer) => [...pair.prompt_ids, ...answer])
    const { inputs, feeds } = batchInputs(batchOf(rows, pair.prompt_ids.length))
    const run = program.define(`pair ${i}`, { inputs }, (variables, tensors) => {
      const tokens = targetLogps(model, variables, 'policy', tensors)
      return { logps: sequenceLogps(tokens, tokens.onesLike(), tensors.rowOf, rows.length) }
    })
    const { logps } = await run(feeds)
    const expected = [pair.chosen_logp, pair.rejected_logp]
    checks.absolute(`pair ${i}`, logps.data, expected, reference.tolerance.logp_sum)
  }
}

/** Rows of any length, with every token from `promptLength` on as a target. */
function batchOf(ids: number[][], promptLength: number) {
  const lengths = ids.map((row) => row.length)
  return tokenBatch({ ids, lengths, prompt_lengths: ids.map(() => promptLength) }, 'completion')
}
