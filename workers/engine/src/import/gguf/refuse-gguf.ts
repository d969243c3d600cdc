import { type ErrorCode, TemperError } from '@temper/db/contracts'

/** @throws TemperError with the file and the rule that it breaks, always */
export function refuseGguf(file: string, rule: string, code: ErrorCode = 'invalid_checkpoint'): never {
  throw new TemperError(code, `${file}: ${rule}`, { details: { file, rule } })
}
