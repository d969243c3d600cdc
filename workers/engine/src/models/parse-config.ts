import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

/** config.json by an architecture's schema. @throws TemperError invalid_checkpoint naming each key and rule */
export function parseConfig<T extends z.ZodType>(schema: T, configJson: Record<string, unknown>): z.output<T> {
  const parsed = schema.safeParse(configJson)
  if (parsed.success) return parsed.data
  const message = `config.json: ${z.prettifyError(parsed.error)}`
  throw new TemperError('invalid_checkpoint', message, {
    details: { file: 'config.json', issues: parsed.error.issues },
  })
}

export function requireAtMost(name: string, value: number, ofName: string, limit: number): void {
  if (value <= limit) return
  const message = `config.json: ${name} (${value}) must be at most ${ofName} (${limit})`
  throw new TemperError('invalid_checkpoint', message, { details: { [name]: value, [ofName]: limit } })
}

export function requireMultiple(name: string, value: number, ofName: string, of: number): void {
  if (value % of === 0) return
  const message = `config.json: ${name} (${value}) must be a multiple of ${ofName} (${of})`
  throw new TemperError('invalid_checkpoint', message, { details: { [name]: value, [ofName]: of } })
}
