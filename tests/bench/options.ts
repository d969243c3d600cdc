import { parseArgs } from 'node:util'
import { TemperError } from '@temper/db/contracts'
import { type SizeName, sizeNames } from './sizes.ts'
import { type WorkName, workNames, works } from './works/index.ts'
import type { Precision } from './works/work.ts'

export interface BenchOptions {
  work: WorkName
  model: SizeName
  precision: Precision
  steps: number
  rounds: number
  peer?: string
  json: boolean
}

const precisions = ['fp32', 'bf16'] as const satisfies readonly Precision[]

export const usage = `usage: npm run bench -- WORK [--model ${sizeNames.join('|')}] [--precision fp32|bf16] [--steps 6]
                            [--json] [--peer 'COMMAND' [--rounds 3]]

Times WORK with random weights on random tokens, and prints one JSON line: the median of the steps after 2 warm-ups.
${workNames.map((name) => `  ${name.padEnd(9)} ${works[name].about}; ${works[name].figure}`).join('\n')}

--peer   takes turns with a program that is called as COMMAND WORK --model … --precision … and prints such a line,
         and prints a last line with both and their ratio (above 1: Temper is faster)
--json   no progress on the error output
`

/** Throws TemperError invalid_input for what it does not know; 'help' when asked for it. */
export function parseOptions(args: string[]): BenchOptions | 'help' {
  const { values, positionals } = parse(args)
  if (values.help) return 'help'
  if (positionals.length !== 1)
    throw invalid(`one WORK expected, got ${positionals.length}; one of ${workNames.join(', ')}`)
  return {
    work: oneOf('work', workNames, positionals[0]),
    model: oneOf('model', sizeNames, values.model),
    precision: oneOf('precision', precisions, values.precision),
    steps: count('steps', values.steps),
    rounds: count('rounds', values.rounds),
    peer: values.peer,
    json: values.json,
  }
}

function parse(args: string[]) {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        model: text('small'),
        precision: text('fp32'),
        steps: text('6'),
        rounds: text('3'),
        peer: { type: 'string' },
        json: flag,
        help: flag,
      },
    })
  } catch (cause) {
    throw new TemperError('invalid_input', cause instanceof Error ? cause.message : String(cause), { cause })
  }
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
