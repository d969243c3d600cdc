import { type ParseArgsConfig, parseArgs } from 'node:util'
import { TemperError, toTemperError } from '@temper/db/contracts'

/** As Node's `parseArgs`. Throws TemperError `invalid_input` for what it does not know. */
export function parseArguments<const T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config)
  } catch (cause) {
    throw new TemperError('invalid_input', toTemperError(cause).message, { cause })
  }
}
