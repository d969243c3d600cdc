import { z } from 'zod'
import { idSchema } from '../ids.ts'
import { nameSchema } from './settings.ts'

const size = () => z.number().int().positive()

/** A tokenizer that is trained on the text of a data source. */
const tokenizerSchema = z.strictObject({
  type: z.literal('bpe').describe('Byte-level byte-pair encoding'),
  vocabSize: size()
    .min(261)
    .max(200_000)
    .default(1024)
    .describe('Tokens at most; 261 are the bytes and five special tokens, and nothing merged'),
  data: nameSchema.describe('Name of the data source it is trained on'),
})

/** A new model with random weights, or a registered checkpoint. */
export const modelSchema = z.union([
  z.strictObject({
    checkpoint: z
      .union([idSchema('checkpoint'), nameSchema])
      .describe('Id or name of a checkpoint of any run, or of a model that was added; a name means its newest'),
  }),
  z.strictObject({
    architecture: z.enum(['llama', 'gpt2']).describe('Which blocks it is built of'),
    hiddenSize: size().default(192).describe('Width of the residual stream'),
    nLayer: size().default(4).describe('Transformer blocks'),
    nHead: size().default(6).describe('Attention heads'),
    nKvHead: size().optional().describe('Key and value heads; as many as attention heads unless set (llama)'),
    intermediateSize: size()
      .optional()
      .describe('Width inside the feed-forward block; 3 × hiddenSize (llama) or 4 × (gpt2)'),
    contextLength: size().default(256).describe('Longest sequence, tokens'),
    ropeTheta: z.number().positive().default(10_000).describe('Base of the rotary frequencies (llama)'),
    initializerRange: z
      .number()
      .positive()
      .max(1)
      .default(0.02)
      .describe('Standard deviation of the random weights; small models learn sooner from about 1 / √hiddenSize'),
    tieWordEmbeddings: z.boolean().default(true).describe('Share the embedding with the output layer'),
    tokenizer: tokenizerSchema.describe('`type: bpe`, and the settings below'),
  }),
])
export type ModelSpec = z.infer<typeof modelSchema>
