import { type ServingPrecision, servingPrecisionSchema, TemperError } from '@temper/db/contracts'
import { parseArguments } from '../support/parse-arguments.ts'
import { type SizeName, sizeNames } from './sizes.ts'
import { type WorkName, workNames, works } from './works/index.ts'
import type { Precision } from './works/work.ts'

export type BenchOptions = CommonOptions & (TimedWork | DecodingWork)

interface TimedWork {
  work: WorkName | 'memory'
  precision: Precision
}

/** Weights may be narrower than what they are multiplied in. */
interface DecodingWork {
  work: 'decoding'
  precision: ServingPrecision
}

interface CommonOptions {
  model: SizeName
  steps: number
  rounds: number
  peer?: string
  /** File that `decoding` and `memory` draw their figures into. */
  svg?: string
  /** File with the lengths of real dialogues. */
  lengths?: string
  /** Instead of only timing the work: where the time of a step goes. */
  profile: boolean
  json: boolean
}

const names = [...workNames, 'decoding', 'memory'] as const

const precisions = ['fp32', 'bf16'] as const satisfies readonly Precision[]

export const usage = `usage: npm run bench -- WORK [--model ${sizeNames.join('|')}] [--precision fp32|bf16] [--steps 6]
                            [--json] [--peer 'COMMAND' [--rounds 3]] [--lengths FILE]
       npm run profile -- WORK [--model …] [--precision …] [--steps 3] [--json] [--lengths FILE]
       npm run bench -- decoding [--model …] [--precision fp32|bf16|int8] [--steps 3] [--json] [--svg FILE]
       npm run bench -- memory [--json] [--svg FILE]

Times WORK with random weights on random tokens, and prints one JSON line: the median of the steps after 2 warm-ups.
${workNames.map((name) => `  ${name.padEnd(9)} ${works[name].about}; ${works[name].figure}`).join('\n')}
  decoding  answers to batches of 1 to 64 short prompts and to one prompt of up to 4096 tokens: time to the first
            token, tokens_per_s, the share of the memory's limit that this is, and what the cache takes
  memory    peak_mib of a training step over the row's length, with attention plain and in tiles, and over the trained
            tokens, with all logits and with chunks of them

npm run profile prints where the time of one step goes by operation, and the share of the processor's peak.

--lengths  JSON list of [prompt, chosen, rejected] lengths in tokens, which sft_real and dpo_real take in order: as many
           a step as the model has rows, cut to its row. Times are means after one untimed pass over the same batches;
           the peer is not told of the file
--peer     takes turns with a program that is called as COMMAND WORK --model … --precision … and prints such a line,
           and prints a last line with both and their ratio (above 1: Temper is faster)
--svg      draws the figures of decoding (tokens_per_s over the batch, the time to the first token over the prompt's
           length) or memory
--json     no progress on the error output
`

/** Throws TemperError invalid_input for what it does not know; 'help' when asked for it. */
export function parseOptions(args: string[]): BenchOptions | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length !== 1)
    throw invalid(`one WORK expected, got ${positionals.length}; one of ${names.join(', ')}`)
  const work = oneOf('work', names, positionals[0])
  refuseOthers(work, values)
  const common = {
    model: oneOf('model', sizeNames, values.model),
    steps: count('steps', values.steps ?? (work === 'decoding' || values.profile ? '3' : '6')),
    rounds: count('rounds', values.rounds),
    peer: values.peer,
    svg: values.svg,
    lengths: values.lengths,
    profile: values.profile,
    json: values.json,
  }
  if (work !== 'decoding') return { ...common, work, precision: oneOf('precision', precisions, values.precision) }
  return { ...common, work, precision: oneOf('precision', servingPrecisionSchema.options, values.precision) }
}

type Given = { peer?: string; svg?: string; lengths?: string; profile: boolean }

function refuseOthers(work: BenchOptions['work'], given: Given): void {
  const drawn = work === 'decoding' || work === 'memory'
  if (drawn && given.profile) throw invalid(`${work} has many steps: there is no profile of it`)
  if (given.profile && given.peer !== undefined) throw invalid('a profile is not compared: it takes no --peer')
  if (drawn && given.peer !== undefined) throw invalid(`${work} is not compared: it takes no --peer`)
  if (!drawn && given.svg !== undefined) {
    throw invalid(`only decoding and memory draw their figures: ${work} takes no --svg`)
  }
  const dialogues = !drawn && 'dialogues' in works[work]
  if (dialogues && given.lengths === undefined) throw invalid(`${work} needs --lengths FILE`)
  if (!dialogues && given.lengths !== undefined) throw invalid(`${work} takes no --lengths`)
}

function parse(args: string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const flag = { type: 'boolean', default: false } as const
  return parseArguments({
    args,
    allowPositionals: true,
    options: {
      model: text('small'),
      precision: text('fp32'),
      steps: { type: 'string' },
      rounds: text('3'),
      peer: { type: 'string' },
      svg: { type: 'string' },
      lengths: { type: 'string' },
      profile: flag,
      json: flag,
      help: flag,
    },
  })
}

function oneOf<T extends string>(what: string, known: readonly T[], given: string | undefined): T {
  const found = known.find((name) => name === given)
  if (found !== undefined) return found
  throw invalid(`there is no ${what} ${given}; one of ${known.join(', ')}`)
}

function count(what: string, given: string): number {
  const value = Number(given)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw invalid(`--${what} must be a whole number above 0, got ${given}`)
}

function invalid(message: string) {
  return new TemperError('invalid_input', message)
}
