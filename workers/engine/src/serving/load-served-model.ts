import { type ServingPrecision, TemperError } from '@temper/db/contracts'
import { addStoredRole, readModel } from '../checkpoint/index.ts'
import { BeamSearch, Decoder, decodingPrecision } from '../generation/index.ts'
import type { Model } from '../models/index.ts'
import { loadTokenizer } from '../tokenizer/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import type { ServedModel } from './answer-request.ts'
import type { Closable } from './model-shelf.ts'

/** Completions at a time; more wait for their turn. */
const slots = 16

/**
 * Makes the checkpoint in `dir` ready to answer.
 * @throws TemperError unsupported for a reward model; what reading a checkpoint throws
 */
export async function loadServedModel(dir: string, precision: ServingPrecision): Promise<ServedModel & Closable> {
  const model = await readModel(dir)
  refuseScores(model)
  const tokenizer = await loadTokenizer(dir)
  const program = new TracedProgram()
  try {
    await addStoredRole(program, 'policy', dir, model, precision)
  } catch (thrown) {
    program.close()
    throw thrown
  }
  const computed = decodingPrecision(precision)
  const decoder = new Decoder({ program, model, role: 'policy', precision: computed }, slots)
  const beams = new BeamSearch(program, model, 'policy', computed)
  const { contextLength } = model
  return {
    tokenizer,
    contextLength,
    precision,
    decode: (decoding) => decoder.decode(decoding),
    search: async ({ prompt, ...search }) => (await beams.search({ prompts: [prompt], ...search })).flat(),
    close: () => program.close(),
  }
}

function refuseScores({ head }: Model): void {
  if (head === 'score') throw new TemperError('unsupported', 'a reward model scores text and writes none')
}
