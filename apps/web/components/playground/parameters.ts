import { type Sampling, samplingSchema } from '@temper/db/contracts'

export type Parameters = Sampling & { seed: number }

export const defaultParameters: Parameters = { ...samplingSchema.parse({}), seed: 0 }

export interface ParameterField {
  name: keyof Parameters
  label: string
  about: string
  min: number
  max: number
  step: number
}

/** The parameters in the words of the recipe's documentation. */
export const parameterFields: ParameterField[] = [
  field('temperature', 'Temperature', 0, 2, 0.05),
  field('topP', 'Top p', 0.05, 1, 0.05),
  field('topK', 'Top k', 0, 200, 1),
  field('minP', 'Min p', 0, 1, 0.05),
  field('repetitionPenalty', 'Repetition penalty', 1, 2, 0.05),
  field('frequencyPenalty', 'Frequency penalty', -2, 2, 0.1),
  field('maxTokens', 'Longest answer, tokens', 1, 1024, 1),
  { name: 'seed', label: 'Seed', about: 'The same seed gives the same answer', min: 0, max: 9999, step: 1 },
]

function field(name: keyof Sampling, label: string, min: number, max: number, step: number): ParameterField {
  return { name, label, about: samplingSchema.shape[name].description ?? '', min, max, step }
}
