import { type ErrorCode, TemperError } from '@temper/db/contracts'

/** @throws TemperError with file, tensor and rule, always */
export function refuseTensor(
  file: string,
  tensor: string,
  rule: string,
  code: ErrorCode = 'invalid_checkpoint',
): never {
  throw new TemperError(code, `${file}: tensor "${tensor}" ${rule}`, { details: { file, tensor, rule } })
}
