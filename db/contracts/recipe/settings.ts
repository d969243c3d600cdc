import { z } from 'zod'

/** Settings that several stage types share, each with its default and one sentence. */

export const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected 1 to 40 lower-case letters, digits or hyphens, beginning with a letter')

/** One data source, several as if they were one file, or several with the share of rows that each has. */
export const dataMixSchema = z.union([
  nameSchema,
  z.array(nameSchema).min(1),
  z.record(nameSchema, z.number().positive()).refine((mix) => Object.keys(mix).length > 0, 'expected a data source'),
])
export type DataMix = z.infer<typeof dataMixSchema>

/** The data sources of a mixture, each with its weight where it has one and its place below the key `data`. */
export function sourcesOf(mix: DataMix): { name: string; weight?: number; path: (string | number)[] }[] {
  if (typeof mix === 'string') return [{ name: mix, path: [] }]
  if (Array.isArray(mix)) return mix.map((name, index) => ({ name, path: [index] }))
  return Object.entries(mix).map(([name, weight]) => ({ name, weight, path: [name] }))
}

/** Looks at data that is never trained on. */
export function validationSchema(defaults: { validateEverySteps: number }) {
  return {
    validation: z
      .union([nameSchema, z.number().min(0).max(0.5)])
      .default(0)
      .describe('Held out for val_loss: a share of the data (the end of each source), or the name of a data source'),
    validateEverySteps: z
      .number()
      .int()
      .positive()
      .default(defaults.validateEverySteps)
      .describe('Steps between looks at the held-out data'),
    patience: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Stop after this many looks in a row without a lower val_loss; never unless set'),
    keep: z
      .enum(['last', 'best'])
      .default('last')
      .describe('Which weights the stage leaves: those of its last step, or those with the lowest val_loss'),
  }
}

const positive = () => z.number().positive()
const count = () => z.number().int().positive()

/** AdamW, schedule and loop. `defaults` differ by stage as `docs/recipes.md` lists. */
export function optimizationSchema(defaults: {
  learningRate: number
  beta2?: number
  weightDecay?: number
  schedule?: 'linear' | 'cosine' | 'constant'
  minLearningRateRatio?: number
  warmupRatio?: number
}) {
  return {
    learningRate: positive().default(defaults.learningRate).describe('Peak learning rate'),
    schedule: z
      .enum(['linear', 'cosine', 'constant'])
      .default(defaults.schedule ?? 'linear')
      .describe('How the learning rate falls after the warm-up'),
    minLearningRateRatio: z
      .number()
      .min(0)
      .max(1)
      .default(defaults.minLearningRateRatio ?? 0)
      .describe('Where a schedule ends, as a share of the peak'),
    warmupRatio: z
      .number()
      .min(0)
      .max(1)
      .default(defaults.warmupRatio ?? 0)
      .describe('Share of the steps over which the learning rate rises from 0'),
    beta1: z.number().min(0).lt(1).default(0.9).describe('AdamW decay of the first moment'),
    beta2: z
      .number()
      .min(0)
      .lt(1)
      .default(defaults.beta2 ?? 0.999)
      .describe('AdamW decay of the second moment'),
    epsilon: positive().default(1e-8).describe('AdamW constant outside the square root'),
    weightDecay: z
      .number()
      .min(0)
      .default(defaults.weightDecay ?? 0)
      .describe('Decoupled decay of matrices; norms and biases have none'),
    maxGradNorm: positive().default(1).describe('Gradients are scaled down to this norm'),
    gradientCheckpointing: z
      .boolean()
      .default(false)
      .describe(
        'Keep only the input of each layer and compute the rest again in the backward pass: less memory, a third more work',
      ),
    precision: z
      .enum(['fp32', 'bf16', 'fp16'])
      .default('fp32')
      .describe(
        'Of matrix products; weights, moments, norms, softmax and losses stay fp32. fp16 scales the loss, and skips steps whose gradients overflow',
      ),
  }
}

/** Batches of `batchSize` rows, `gradientAccumulation` of them to an optimizer step. */
export function batchSchema(defaults: { batchSize: number }) {
  return {
    batchSize: count().default(defaults.batchSize).describe('Rows in one forward and backward pass'),
    gradientAccumulation: count().default(1).describe('Passes that make one optimizer step'),
  }
}

export const durabilitySchema = {
  checkpointEverySteps: count()
    .default(100)
    .describe('Steps between durable checkpoints: what a kill can cost at most'),
}

/** Answers on the way to a few prompts that stay the same, for people to read; the numbers of the stage do not change. */
export const sampleSchema = {
  samplePrompts: z
    .number()
    .int()
    .min(0)
    .max(32)
    .default(4)
    .describe('Prompts answered on the way, of the held-out data, else of the first rows; 0 for none'),
  sampleEverySteps: count()
    .optional()
    .describe(
      'Steps between the answers to them; unless set, up to 8 times within 5 % of the time, at looks at held-out data if any',
    ),
}

/** How text is sampled. */
export const samplingSchema = z.strictObject({
  temperature: z.number().min(0).default(0.7).describe('0 is greedy'),
  topK: z.number().int().min(0).default(0).describe('Keep the k most likely tokens; 0 keeps all'),
  topP: z.number().gt(0).max(1).default(1).describe('Keep the smallest set of tokens with this much probability'),
  minP: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Keep tokens at least this many times as probable as the most likely one; 0 keeps all'),
  repetitionPenalty: positive()
    .default(1)
    .describe('Divides the positive and multiplies the negative logits of tokens seen before; 1 is none'),
  frequencyPenalty: z
    .number()
    .min(-2)
    .max(2)
    .default(0)
    .describe('Subtracted from the logit of a token for each time it stands in the completion'),
  maxTokens: count().max(32768).default(128).describe('Longest completion, tokens'),
})
export type Sampling = z.infer<typeof samplingSchema>

/** Who judges text: a taste that ships with the project, or a reward model of the run. */
export const tasteNames = ['stories'] as const

const attentionTargets = ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const
const llamaTargets = [...attentionTargets, 'gate_proj', 'up_proj', 'down_proj'] as const
const gpt2Targets = ['c_attn', 'c_proj', 'c_fc', 'attn.c_proj', 'mlp.c_proj'] as const

/**
 * Linear layers of a model's blocks by the names that transformers and PEFT give them; `attn.` and `mlp.` tell two
 * apart. Mixtral has experts alone beside attention, which take no adapters.
 * @param modelType - `model_type` of its config.json
 */
export function loraTargetsOf(modelType: string): readonly string[] {
  if (modelType === 'gpt2') return gpt2Targets
  return modelType === 'mixtral' ? attentionTargets : llamaTargets
}

/** Low-rank adapters (Hu et al., 2022) with the meaning and names that PEFT gives them. */
export const loraSchema = z.strictObject({
  rank: count().max(1024).default(16).describe('Width of the adapters'),
  alpha: positive().default(32).describe('What they add is scaled by alpha / rank'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Share of what goes into an adapter that a training step leaves out; not in ppo, grpo and rloo'),
  targets: z
    .array(z.enum([...llamaTargets, ...gpt2Targets]))
    .min(1)
    .optional()
    .describe('Linear layers that get one, by name as in PEFT; all of the blocks unless set'),
  rsLora: z.boolean().default(false).describe('Scale by alpha / √rank instead, which suits high ranks'),
})
export type LoraSettings = z.infer<typeof loraSchema>

/** Of every stage that fine-tunes. */
export const adapterSettings = {
  lora: loraSchema
    .optional()
    .describe(
      'Trains low-rank adapters over frozen weights (settings below), at 10 times the default `learningRate`; all weights unless set',
    ),
}
