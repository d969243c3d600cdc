import { z } from 'zod'
import { idSchema } from './ids.ts'
import { messageSchema } from './rows.ts'

export const voteChoices = ['left', 'right', 'tie', 'both_bad'] as const
export type VoteChoice = (typeof voteChoices)[number]

/** A comparison as a labeler sees it: sides already shuffled for that labeler, sources hidden. */
export const comparisonSchema = z.strictObject({
  id: idSchema('comparison'),
  runId: idSchema('run'),
  stage: z.string(),
  prompt: z.array(messageSchema),
  left: z.string(),
  right: z.string(),
  guidelines: z.string(),
})
export type Comparison = z.infer<typeof comparisonSchema>

export const labelProgressSchema = z.strictObject({
  /** Votes by anyone, simulated labelers too, and how many the stage waits for. */
  votes: z.number().int(),
  needed: z.number().int(),
  mine: z.number().int(),
  /** Comparisons that this labeler could still vote on. */
  remaining: z.number().int(),
  /** Stages that collect votes now. */
  openStages: z.number().int(),
})
export type LabelProgress = z.infer<typeof labelProgressSchema>

export const nextComparisonsSchema = z.strictObject({
  comparisons: z.array(comparisonSchema),
  progress: labelProgressSchema,
})

/** `left` and `right` are as shown to this labeler. `voteId` is chosen by the client: a vote sent twice counts once. */
export const castVoteSchema = z.strictObject({
  voteId: idSchema('vote'),
  choice: z.enum(voteChoices),
  strength: z.number().int().min(1).max(3).default(1),
  seconds: z.number().min(0).max(86_400),
  note: z.string().max(2000).default(''),
})
export type CastVote = z.input<typeof castVoteSchema>

export const voteReceiptSchema = z.strictObject({
  voteId: idSchema('vote'),
  comparisonId: idSchema('comparison'),
  progress: labelProgressSchema,
})
export type VoteReceipt = z.infer<typeof voteReceiptSchema>

/** A vote in terms of the two completions as they are stored, whatever sides the labeler saw. */
export const judgedChoices = ['a', 'b', 'tie', 'both_bad'] as const
export type JudgedChoice = (typeof judgedChoices)[number]
