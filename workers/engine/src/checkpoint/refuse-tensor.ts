import { TemperError } from '@temper/db/contracts'

/** @throws TemperError invalid_checkpoint with file, tensor and rule, always */
export function refuseTensor(file: string, tensor: string, rule: string): never {
  throw new TemperError('invalid_checkpoint', `${file}: tensor "${tensor}" ${rule}`, {
    details: { file, tensor, rule },
  })
}
