import { TemperError } from '@temper/db/contracts'

/** `invalid_dataset` that names the file. */
export function refuse(
  file: string,
  message: string,
  options: { cause?: unknown; details?: object } = {},
): TemperError {
  const { cause, details } = options
  return new TemperError('invalid_dataset', `${file}: ${message}`, { cause, details: { file, ...details } })
}
