import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { parseConfig } from './parse-config.ts'

/** The part of config.json that tells what a model's last layer gives. */
const headSchema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  id2label: z.record(z.string(), z.string()).nullish(),
  num_labels: z.number().int().nullish(),
})

export const scoreWeight = 'score.weight'

/**
 * `score` for `…ForSequenceClassification` with one label, the layout of reward models; else `language`.
 * @throws TemperError unsupported for more labels than one, invalid_checkpoint for keys of another form
 */
export function headOf(configJson: Record<string, unknown>): 'language' | 'score' {
  const config = parseConfig(headSchema, configJson)
  if (!config.architectures?.some((name) => name.endsWith('ForSequenceClassification'))) return 'language'
  // transformers assumes two labels where the file names none.
  const labels = config.id2label ? Object.keys(config.id2label).length : (config.num_labels ?? 2)
  if (labels === 1) return 'score'
  throw new TemperError('unsupported', `a classification head must have 1 label (a reward), config.json has ${labels}`)
}

/** Name and shape of the last layer's own weight, if it has one. */
export function headShapes(
  head: 'language' | 'score',
  size: { hiddenSize: number; vocabSize: number; tied: boolean },
): Record<string, number[]> {
  if (head === 'score') return { [scoreWeight]: [1, size.hiddenSize] }
  return size.tied ? {} : { 'lm_head.weight': [size.vocabSize, size.hiddenSize] }
}
