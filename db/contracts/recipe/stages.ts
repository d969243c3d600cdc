import { z } from 'zod'
import { adaptiveKlSchema, rewardSourcesSchema } from './rewards.ts'
import {
  adapterSettings,
  batchSchema,
  dataMixSchema,
  durabilitySchema,
  nameSchema,
  optimizationSchema,
  sampleSchema,
  samplingSchema,
  tasteNames,
  validationSchema,
} from './settings.ts'

const count = () => z.number().int().positive()
const routerAuxLossCoef = z
  .number()
  .min(0)
  .optional()
  .describe(
    'Weight of the balancing loss of a model with experts; unless set, what its config.json says (router_aux_loss_coef where output_router_logits)',
  )
const from = nameSchema.default('model').describe('Stage whose checkpoint it starts from, or `model`')
const data = dataMixSchema.describe(
  'Name of a data source; a list of names, read as one; or names with weights, the share of rows drawn from each: `{ a: 3, b: 1 }`',
)
const preferences = nameSchema.describe('Stage that collected the votes')

/** What a dpo stage lowers; docs/recipes.md says what each is for. */
export const preferenceLossSchema = z.enum(['sigmoid', 'hinge', 'ipo', 'robust', 'apo_zero', 'simpo', 'orpo', 'kto'])
export type PreferenceLossName = z.infer<typeof preferenceLossSchema>
/** Of pairs; `kto` is of single answers. */
export const pairLossSchema = preferenceLossSchema.exclude(['kto'])
export type PairLossName = z.infer<typeof pairLossSchema>
/** They look at the policy alone: no log-prob of the reference is computed. */
export const referenceFreeLosses = ['simpo', 'orpo'] as const satisfies readonly PreferenceLossName[]

/** Next-token training on packed rows of text. */
export const pretrainSchema = z.strictObject({
  type: z.literal('pretrain'),
  from,
  data,
  steps: count().default(1000).describe('Optimizer steps'),
  rowLength: count().default(256).describe('Tokens a row; documents are packed and never attend to each other'),
  documents: z
    .enum(['lines', 'stream'])
    .default('lines')
    .describe(
      '`lines`: every row of the data is a document; `stream`: the file is one text, rows are drawn at random offsets',
    ),
  ...validationSchema({ validateEverySteps: 250 }),
  routerAuxLossCoef,
  ...batchSchema({ batchSize: 8 }),
  ...optimizationSchema({
    learningRate: 6e-4,
    beta2: 0.95,
    weightDecay: 0.1,
    schedule: 'cosine',
    minLearningRateRatio: 0.1,
    warmupRatio: 0.01,
  }),
  ...sampleSchema,
  ...durabilitySchema,
})

/** Supervised fine-tuning: loss on the assistant's tokens, the end token included, unless `lossOn` says otherwise. */
export const sftSchema = z.strictObject({
  type: z.literal('sft'),
  from,
  data,
  epochs: z.number().positive().default(1).describe('Passes over the data; parts of one are possible'),
  maxLength: count().default(1024).describe('Longer conversations are cut at the left'),
  packing: z.boolean().default(true).describe('Several conversations a row, each seeing only itself'),
  lossOn: z
    .enum(['assistant', 'completion', 'all'])
    .default('assistant')
    .describe(
      'Tokens that are trained: of every assistant message, of the last one alone (the completion of prompt/completion rows), or all; end tokens included',
    ),
  ...validationSchema({ validateEverySteps: 50 }),
  routerAuxLossCoef,
  ...batchSchema({ batchSize: 8 }),
  ...adapterSettings,
  ...optimizationSchema({ learningRate: 2e-5 }),
  ...sampleSchema,
  ...durabilitySchema,
})

/** Labelers who are programs, always named as such. */
export const simulatedLabelersSchema = z.strictObject({
  taste: z.enum(tasteNames).describe('The stated taste they vote by'),
  labelers: count().max(100).default(3).describe('How many, each with noise of its own'),
  noise: z.number().min(0).max(1).default(0.1).describe('Share of votes cast at random'),
  tieMargin: z.number().min(0).default(0.25).describe('Scores closer than this are voted a tie'),
  votesPerSecond: z.number().positive().default(50).describe('How fast their votes arrive, all together'),
})

/** Completions sampled two by two, and people who say which is better. */
export const preferencesSchema = z.strictObject({
  type: z.literal('preferences'),
  from,
  prompts: nameSchema.optional().describe('Data source of prompts (or preferences) to sample pairs for'),
  data: nameSchema.optional().describe('Imported preferences instead of sampled pairs'),
  pairs: count().default(100).describe('Comparisons to open'),
  sampling: samplingSchema
    .default(samplingSchema.parse({ temperature: 1 }))
    .describe('How the two completions are sampled'),
  simulated: simulatedLabelersSchema.optional().describe('Programs that vote beside people; none unless set'),
  votesPerPair: count().max(100).default(1).describe('Votes by different labelers on each comparison'),
  minVotes: count().optional().describe('Votes to wait for; pairs × votesPerPair unless set'),
  deadlineMinutes: z.number().positive().optional().describe('Wait no longer than this'),
  onDeadline: z.enum(['continue', 'fail']).default('fail').describe('What a passed deadline does'),
  guidelines: z
    .string()
    .max(4000)
    .default('Choose the answer you would rather have received.')
    .describe('What labelers are told'),
  heldOut: z
    .union([nameSchema, z.number().min(0).max(0.9)])
    .default(0.15)
    .describe(
      'Kept to test the reward model and DPO: a share of the pairs, or the name of a data source of imported preferences',
    ),
})

export const rewardSchema = z.strictObject({
  type: z.literal('reward'),
  from,
  preferences,
  epochs: z.number().positive().default(1).describe('Passes over the data; parts of one are possible'),
  maxLength: count().default(1024).describe('Longer prompts are cut at the left, tokens'),
  margin: z
    .enum(['strength', 'none'])
    .default('strength')
    .describe('A vote of strength 1, 2 or 3 asks for a lead of ⅓, ⅔ or 1, where votes tell degrees; or none does'),
  ties: z
    .enum(['half', 'davidson', 'drop'])
    .default('half')
    .describe('A tie is half a win for each side, an outcome of its own by Davidson’s model, or left out'),
  tieNu: z
    .number()
    .positive()
    .optional()
    .describe('ν of `ties: davidson`: equal answers tie with ν / (2 + ν); 2 × ties / decided pairs unless set'),
  centerRewardsCoefficient: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of (chosen + rejected)², which keeps rewards near 0'),
  ...batchSchema({ batchSize: 16 }),
  ...adapterSettings,
  ...optimizationSchema({ learningRate: 1e-4 }),
  ...durabilitySchema,
})

export const dpoSchema = z.strictObject({
  type: z.literal('dpo'),
  from,
  preferences,
  epochs: z.number().positive().default(1).describe('Passes over the data; parts of one are possible'),
  maxLength: count().default(1024).describe('Longer prompts are cut at the left, tokens'),
  loss: preferenceLossSchema
    .default('sigmoid')
    .describe('What is lowered; “The losses of dpo” in docs/recipes.md says what each is for'),
  beta: z.number().positive().default(0.1).describe('How strongly the policy is held to the reference'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe('Share of votes taken to be wrong, by the losses `sigmoid` and `robust`'),
  simpoGamma: z
    .number()
    .min(0)
    .optional()
    .describe('Lead that the loss `simpo` asks for, in beta × log-prob a token; required by it'),
  lengthNormalize: z
    .boolean()
    .default(false)
    .describe(
      'Log-probs a token in place of sums, by the losses `sigmoid`, `hinge`, `robust` and `apo_zero`; beta is then larger, 2 to 10',
    ),
  sftWeight: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of −log-prob a token of the chosen answer, added to any loss but `orpo`, which has it'),
  desirableWeight: z
    .number()
    .positive()
    .default(1)
    .describe('Weight of a desirable answer, by the loss `kto`: lower it where there are more of them'),
  undesirableWeight: z.number().positive().default(1).describe('Weight of an undesirable answer, by the loss `kto`'),
  ties: z
    .enum(['half', 'drop'])
    .default('drop')
    .describe(
      'A tie trains both orders at half weight, or is left out; one that was voted “both bad” is left out where the loss also fine-tunes (`orpo`, `sftWeight`). `kto` leaves ties out, and takes both answers of one that was voted “both bad” as undesirable',
    ),
  targetMargin: z.number().positive().optional().describe('Stop once the held-out margin rewards/margins reaches this'),
  evaluateEverySteps: count().default(10).describe('Steps between looks at the held-out pairs'),
  ...batchSchema({ batchSize: 16 }),
  ...adapterSettings,
  ...optimizationSchema({ learningRate: 1e-6 }),
  ...sampleSchema,
  ...durabilitySchema,
})

/** Rollouts, rewards and updates, as every kind of reinforcement learning here has them. */
const rolloutSettings = {
  from,
  rewards: rewardSourcesSchema.describe(
    'What completions are scored by, weighted and added up; `reward: NAME` is short for one reward model',
  ),
  prompts: nameSchema.describe('Data source of prompts, or of preferences, whose prompts they then are'),
  heldOut: nameSchema
    .optional()
    .describe('Data source of prompts, or of preferences, that this stage does not train on: its samples answer these'),
  maxPromptLength: count()
    .optional()
    .describe('Longer prompts are cut at the left, tokens; to what `maxTokens` leaves of the context unless set'),
  iterations: count().default(20).describe('Rollout and update rounds'),
  miniBatches: count().default(1).describe('Optimizer steps a pass'),
  batchSize: count()
    .optional()
    .describe(
      'Completions in one forward and backward pass: less memory, the same numbers; a whole mini-batch unless set',
    ),
  clipRange: z.number().positive().default(0.2).describe('How far the probability ratio counts'),
  rewardClip: z
    .number()
    .positive()
    .optional()
    .describe('What the rewards add up to is held between minus this and this; no limit unless set'),
  taste: z
    .enum(tasteNames)
    .optional()
    .describe('Also score rollouts by this taste, drawn beside the rewards; never trained on'),
}

const missingEosPenalty = (standard: number) =>
  z.number().min(0).default(standard).describe('Taken off the score of a completion without an end')

export const ppoSchema = z.strictObject({
  type: z.literal('ppo'),
  ...rolloutSettings,
  missingEosPenalty: missingEosPenalty(1),
  episodesPerIteration: count().default(64).describe('Prompts answered in a round'),
  ppoEpochs: count().default(4).describe('Passes over each rollout batch'),
  klCoef: z.number().min(0).default(0.05).describe('Weight of the KL penalty in the reward'),
  klEstimator: z
    .enum(['k1', 'k2', 'k3'])
    .default('k1')
    .describe('What the penalty takes for the KL of a token; “KL” in docs/recipes.md says how they differ'),
  adaptiveKl: adaptiveKlSchema.optional().describe('Moves klCoef so that the KL reaches a target; fixed unless set'),
  valueClipRange: z.number().positive().default(0.2).describe('How far a value moves in an update'),
  vfCoef: z.number().min(0).default(0.1).describe('Weight of the value loss'),
  gamma: z.number().min(0).max(1).default(1).describe('Discount of later rewards'),
  gaeLambda: z.number().min(0).max(1).default(0.95).describe('Decay of generalised advantage estimation'),
  whitenRewards: z.boolean().default(false).describe('Scale rewards to variance 1, their mean kept'),
  valueInit: z
    .enum(['reward', 'zero'])
    .default('reward')
    .describe('Value model: the first reward model, or the policy with a zero head'),
  valueBody: z
    .enum(['own', 'shared'])
    .default('own')
    .describe('`shared`: the values are a head on the policy’s own body, which saves the memory of a model'),
  sampling: samplingSchema.default(samplingSchema.parse({})).describe('How completions are sampled'),
  ...adapterSettings,
  ...optimizationSchema({ learningRate: 3e-6 }),
  ...sampleSchema,
  checkpointEverySteps: count().default(5).describe('Iterations between durable checkpoints'),
})

/** What grpo and rloo have in common: groups of completions that are compared with each other, and no value model. */
function groupSettings(defaults: { groupSize: number; beta: number; betaIs: string }) {
  return {
    ...rolloutSettings,
    missingEosPenalty: missingEosPenalty(0),
    promptsPerIteration: count().default(8).describe('Prompts answered in a round'),
    groupSize: count().min(2).default(defaults.groupSize).describe('Completions of each prompt'),
    updateEpochs: count().default(1).describe('Passes over each rollout batch'),
    beta: z.number().min(0).default(defaults.beta).describe(defaults.betaIs),
    sampling: samplingSchema.default(samplingSchema.parse({ temperature: 1 })).describe('How completions are sampled'),
    ...adapterSettings,
    ...optimizationSchema({ learningRate: 1e-6 }),
    ...sampleSchema,
    checkpointEverySteps: count().default(5).describe('Iterations between durable checkpoints'),
  }
}

/** Group-relative policy optimisation (Shao et al., 2024). */
export const grpoSchema = z.strictObject({
  type: z.literal('grpo'),
  ...groupSettings({
    groupSize: 8,
    beta: 0,
    betaIs: 'Weight of the KL to the reference (k3) in the loss; 0 needs no reference',
  }),
  scaleRewards: z
    .boolean()
    .default(true)
    .describe('Divide advantages by the deviation of their group; without, easy and hard prompts count alike'),
  lossType: z
    .enum(['grpo', 'dapo', 'dr_grpo'])
    .default('grpo')
    .describe('What a token counts; “grpo and rloo” in docs/recipes.md says how they differ'),
})

/** REINFORCE with a leave-one-out baseline (Ahmadian et al., 2024). */
export const rlooSchema = z.strictObject({
  type: z.literal('rloo'),
  ...groupSettings({
    groupSize: 2,
    beta: 0.05,
    betaIs: 'Weight of the KL to the reference (k1, summed over a completion) in its reward; 0 needs no reference',
  }),
})

/** Candidates against a baseline on held-out prompts, judged in both orders, with 95 % intervals. */
export const evaluateSchema = z.strictObject({
  type: z.literal('evaluate'),
  candidates: z.array(nameSchema).min(1).max(8).describe('Stages whose policies are judged'),
  baseline: nameSchema.describe('Stage whose policy they are judged against'),
  prompts: nameSchema.describe('Data source of prompts (or preferences) that no stage has trained on'),
  limit: count().optional().describe('Prompts to answer, from the first; all unless set'),
  judge: z
    .union([
      z.strictObject({ taste: z.enum(tasteNames) }),
      z.strictObject({ reward: nameSchema.describe('Stage that trained the judging reward model') }),
    ])
    .describe('`taste` that ships with the project, or `reward` with the name of a reward stage'),
  reward: nameSchema.optional().describe('Also report the learned reward of this stage beside the judge'),
  tieMargin: z.number().min(0).default(0).describe('Judge scores closer than this are a tie, which counts half'),
  sampling: samplingSchema.default(samplingSchema.parse({})).describe('How completions are sampled'),
})

export const releaseSchema = z.strictObject({
  type: z.literal('release'),
  from: nameSchema.describe('Stage whose checkpoint is released'),
  name: nameSchema.describe('Name under which the checkpoint is listed'),
  after: z.array(nameSchema).default([]).describe('Stages that must be done first'),
  minWinRate: z.number().min(0).max(1).optional().describe('Gate: win-rate in the evaluation named in `after`'),
})

export const stageSchema = z.discriminatedUnion('type', [
  pretrainSchema,
  sftSchema,
  preferencesSchema,
  rewardSchema,
  dpoSchema,
  ppoSchema,
  grpoSchema,
  rlooSchema,
  evaluateSchema,
  releaseSchema,
])
export type StageSpec = z.infer<typeof stageSchema>
export type StageType = StageSpec['type']
export const stageTypes = [
  'pretrain',
  'sft',
  'preferences',
  'reward',
  'ppo',
  'grpo',
  'rloo',
  'dpo',
  'evaluate',
  'release',
] as const satisfies readonly StageType[]
export type StageOf<T extends StageType> = Extract<StageSpec, { type: T }>

/** Stages that sample completions and learn from rewards of them. */
export type RolloutStage = StageOf<'ppo' | 'grpo' | 'rloo'>
