import { TemperError } from '@temper/db/contracts'
import { parseArguments } from '../../support/parse-arguments.ts'
import { type Method, methods } from './methods.ts'

export interface ChaosOptions {
  methods: readonly Method[]
  /** A method. */
  kills: number
  seed: number
  json: boolean
}

export const usage = `usage: npm run chaos [-- [--kills 20] [--method ${methods.join('|')}] [--seed 1] [--json]]

Trains each method on a tiny task, then again and again while its engine process is killed (SIGKILL) at random moments:
within a step, a rollout, the writing of a checkpoint. Each attempt goes on from the last durable checkpoint, and every
run must end with the metrics, samples and weights of the undisturbed one, to the last bit.

--kills   of each method
--method  this one alone
--seed    of the moments
--json    a last line of JSON
`

/** Throws TemperError invalid_input for what it does not know; 'help' when asked for it. */
export function parseOptions(args: string[]): ChaosOptions | 'help' {
  const values = parse(args)
  if (values.help) return 'help'
  const known = methods.filter((method) => values.method === undefined || method === values.method)
  if (known.length === 0) throw invalid(`there is no method ${values.method}; one of ${methods.join(', ')}`)
  return {
    methods: known,
    kills: wholeNumber('kills', values.kills, 1),
    seed: wholeNumber('seed', values.seed, 0),
    json: values.json,
  }
}

function parse(args: string[]) {
  const { values } = parseArguments({
    args,
    options: {
      kills: { type: 'string', default: '20' },
      method: { type: 'string' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return values
}

function wholeNumber(name: string, given: string, least: number): number {
  const value = Number(given)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw invalid(`--${name} must be a whole number of at least ${least}, got ${given}`)
}

function invalid(message: string) {
  return new TemperError('invalid_input', message)
}
