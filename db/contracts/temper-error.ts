/** Every failure that Temper reports has one of these codes; clients may switch over them. */
export const errorCodes = [
  'invalid_input',
  'invalid_recipe',
  'invalid_dataset',
  'invalid_checkpoint',
  'unsupported',
  'not_found',
  'conflict',
  'unauthenticated',
  'forbidden',
  'too_large',
  'unavailable',
  'cancelled',
  'deadline_passed',
  'gate_failed',
  'non_finite',
  'out_of_memory',
  'engine_failed',
  'setup_failed',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** Facts a program can act on: place (file, line, column, key), rule, both values. JSON only. */
export type ErrorDetails = Record<string, unknown>

/** The one error class. `message` holds the rule and both values; `details` the same as data. */
export class TemperError extends Error {
  override readonly name = 'TemperError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }
}

/** The error itself, or an `internal` one that wraps what was thrown. */
export function toTemperError(thrown: unknown): TemperError {
  if (thrown instanceof TemperError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new TemperError('internal', message, { cause: thrown })
}
