import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import type { RopeScaling, YarnScaling } from '../nn/rope.ts'
import { parseConfig } from './parse-config.ts'

const positive = z.number().positive()

const factorSchema = z.looseObject({ factor: positive })

const llama3Schema = z.looseObject({
  factor: positive,
  low_freq_factor: positive,
  high_freq_factor: positive,
  original_max_position_embeddings: positive,
})

const yarnSchema = z.looseObject({
  factor: positive,
  beta_fast: positive.nullish(),
  beta_slow: positive.nullish(),
  original_max_position_embeddings: positive.nullish(),
  truncate: z.boolean().nullish(),
  attention_factor: positive.nullish(),
  mscale: z.number().nullish(),
  mscale_all_dim: z.number().nullish(),
})

/** transformers 5 writes `rope_parameters`; before, it wrote `rope_theta` and `rope_scaling` (whose `rope_type` was once `type`). */
const ropeSchema = z.looseObject({
  rope_theta: positive.nullish(),
  rope_scaling: z.looseObject({ rope_type: z.string().optional(), type: z.string().optional() }).nullish(),
  rope_parameters: z.looseObject({ rope_type: z.string().optional(), rope_theta: positive.nullish() }).nullish(),
  max_position_embeddings: positive,
})

const partialSchema = z.looseObject({ partial_rotary_factor: z.literal(1).nullish() })

/**
 * Base and scaling of the rotary frequencies.
 * @param defaultTheta - the base where the file names none
 * @throws TemperError unsupported for a rope type it does not know, invalid_checkpoint for wrong parameters
 */
export function ropeScalingOf(
  configJson: Record<string, unknown>,
  defaultTheta = 10_000,
): [theta: number, scaling: RopeScaling] {
  const config = parseConfig(ropeSchema, configJson)
  const parameters = config.rope_parameters ?? config.rope_scaling ?? {}
  for (const json of [configJson, parameters]) parseConfig(partialSchema, json)
  const theta = config.rope_parameters?.rope_theta ?? config.rope_theta ?? defaultTheta
  const type = parameters.rope_type ?? ('type' in parameters ? parameters.type : undefined) ?? 'default'
  return [theta, scalingOf(String(type), parameters, config.max_position_embeddings)]
}

function scalingOf(type: string, parameters: Record<string, unknown>, contextLength: number): RopeScaling {
  switch (type) {
    case 'default':
      return { type }
    case 'linear':
      return { type, factor: parseConfig(factorSchema, parameters).factor }
    case 'dynamic':
      // Its frequencies change only beyond max_position_embeddings, which is where the model's context ends here.
      parseConfig(factorSchema, parameters)
      return { type: 'default' }
    case 'llama3':
      return llama3Scaling(parameters)
    case 'yarn':
      return yarnScaling(parameters, contextLength)
    default: {
      const message = `rope type "${type}" is not supported: config.json must say default, linear, dynamic, llama3 or yarn`
      throw new TemperError('unsupported', message, { details: { type } })
    }
  }
}

/**
 * Positions that a model reads. Files that scale by `linear` or `yarn` may name those it was trained on before; `llama3`
 * names all of them.
 */
export function contextLengthOf(scaling: RopeScaling, maxPositions: number): number {
  if (scaling.type === 'linear') return Math.floor(maxPositions * scaling.factor)
  if (scaling.type !== 'yarn') return maxPositions
  return Math.max(maxPositions, Math.floor(scaling.originalContextLength * scaling.factor))
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

/** Defaults are those of the paper, as transformers has them. */
function yarnScaling(parameters: Record<string, unknown>, contextLength: number): YarnScaling {
  const scaling = parseConfig(yarnSchema, parameters)
  const { factor, mscale, mscale_all_dim } = scaling
  const magnitude = (scale = 1) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1)
  const ratio = mscale && mscale_all_dim ? magnitude(mscale) / magnitude(mscale_all_dim) : magnitude()
  return {
    type: 'yarn',
    factor,
    betaFast: scaling.beta_fast ?? 32,
    betaSlow: scaling.beta_slow ?? 1,
    originalContextLength: scaling.original_max_position_embeddings ?? contextLength,
    truncate: scaling.truncate ?? true,
    attentionFactor: scaling.attention_factor ?? ratio,
  }
}
