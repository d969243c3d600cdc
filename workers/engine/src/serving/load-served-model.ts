import { TemperError } from '@temper/db/contracts'
import { readCheckpoint, readModel } from '../checkpoint/index.ts'
import { Generator } from '../generation/index.ts'
import { addRole, type Model } from '../models/index.ts'
import { loadTokenizer } from '../tokenizer/index.ts'
import { type Program, TracedProgram } from '../tracing/index.ts'
import type { ServedModel } from './answer-request.ts'
import type { Decoding } from './decoding.ts'
import type { Closable } from './model-shelf.ts'

/**
 * Makes the checkpoint in `dir` ready to answer, in fp32.
 * @throws TemperError unsupported for a reward model; what reading a checkpoint throws
 */
export async function loadServedModel(dir: string): Promise<ServedModel & Closable> {
  refuseScores(await readModel(dir))
  const [{ model, tensors }, tokenizer] = await Promise.all([readCheckpoint(dir), loadTokenizer(dir)])
  const program = new TracedProgram()
  try {
    await addRole(program, 'policy', model, tensors)
  } catch (thrown) {
    program.close()
    throw thrown
  }
  const { contextLength } = model
  return { tokenizer, contextLength, decode: oneByOne(program, model), close: () => program.close() }
}

function refuseScores({ head }: Model): void {
  if (head === 'score') throw new TemperError('unsupported', 'a reward model scores text and writes none')
}

/** Decodes with one slot, in the order of asking. */
function oneByOne(program: Program, model: Model): ServedModel['decode'] {
  const generator = new Generator(program, model, 'policy', 1)
  let last: Promise<unknown> = Promise.resolve()
  const decode = async ({ prompt, index, onToken, topLogprobs, signal, ...request }: Decoding) => {
    if (topLogprobs !== undefined) throw new TemperError('unsupported', 'log-probs are not supported yet')
    if (signal?.aborted) return { ids: [], logps: [], stopped: false }
    const take = (_: number, ids: readonly number[]) => onToken?.({ id: ids.at(-1) ?? 0, logp: 0 }) ?? true
    const [generated] = await generator.generate({ ...request, prompts: [prompt], firstIndex: index, onToken: take })
    if (!generated) throw new TemperError('internal', 'a prompt has no completion')
    return generated
  }
  return (decoding) => {
    const next = last.then(() => decode(decoding))
    last = next.catch(() => undefined)
    return next
  }
}
