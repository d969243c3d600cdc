import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import type { RopeScaling } from '../nn/rope.ts'
import { parseConfig } from './parse-config.ts'

const positive = z.number().positive()

const llama3Schema = z.looseObject({
  factor: positive,
  low_freq_factor: positive,
  high_freq_factor: positive,
  original_max_position_embeddings: positive,
})

/** transformers 5 writes `rope_parameters`; before, it wrote `rope_theta` and `rope_scaling` (whose `rope_type` was once `type`). */
const ropeSchema = z.looseObject({
  rope_theta: positive.nullish(),
  rope_scaling: z.looseObject({ rope_type: z.string().optional(), type: z.string().optional() }).nullish(),
  rope_parameters: z.looseObject({ rope_type: z.string().optional(), rope_theta: positive.nullish() }).nullish(),
})

/**
 * Base and scaling of the rotary frequencies.
 * @throws TemperError unsupported for a rope type other than default and llama3
 */
export function ropeScalingOf(configJson: Record<string, unknown>): [theta: number, scaling: RopeScaling] {
  const { rope_parameters, rope_scaling, rope_theta } = parseConfig(ropeSchema, configJson)
  const theta = rope_parameters?.rope_theta ?? rope_theta ?? 10_000
  const parameters = rope_parameters ?? rope_scaling ?? {}
  const type = parameters.rope_type ?? ('type' in parameters ? parameters.type : undefined) ?? 'default'
  if (type === 'default') return [theta, { type: 'default' }]
  if (type === 'llama3') return [theta, llama3Scaling(parameters)]
  const message = `rope type "${String(type)}" is not supported: config.json must say default or llama3`
  throw new TemperError('unsupported', message, { details: { type } })
}

function llama3Scaling(parameters: Record<string, unknown>): RopeScaling {
  const scaling = parseConfig(llama3Schema, parameters)
  return {
    type: 'llama3',
    factor: scaling.factor,
    lowFreqFactor: scaling.low_freq_factor,
    highFreqFactor: scaling.high_freq_factor,
    originalContextLength: scaling.original_max_position_embeddings,
  }
}
