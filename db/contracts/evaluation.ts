import { z } from 'zod'
import { idSchema } from './ids.ts'
import { completionSchema, messageSchema } from './rows.ts'

/** One candidate against the baseline. A tie counts half; the interval is 95 % (Wilson). */
export const winRateSchema = z.strictObject({
  rate: z.number(),
  low: z.number(),
  high: z.number(),
  wins: z.number().int(),
  losses: z.number().int(),
  ties: z.number().int(),
  properEndings: z.number().describe('Share of completions that ended with a stop token'),
  meanTokens: z.number(),
  meanJudgeScore: z.number(),
  meanReward: z.number().nullable().describe('Mean learned reward'),
  kl: z.number().nullable().describe('Mean summed log-ratio to the baseline'),
})
export type WinRate = z.infer<typeof winRateSchema>

export const evaluationSchema = z.strictObject({
  id: idSchema('evaluation'),
  runId: idSchema('run'),
  stage: z.string(),
  judge: z.string().describe('Name of the judge: a stated taste or a reward model'),
  prompts: z.number().int(),
  baseline: z.strictObject({
    name: z.string(),
    properEndings: z.number(),
    meanTokens: z.number(),
    meanJudgeScore: z.number(),
    topScoreShare: z
      .number()
      .nullable()
      .describe('Share of its completions with the highest possible judge score; null where the judge has none'),
    meanReward: z.number().nullable(),
  }),
  candidates: z.record(z.string(), winRateSchema),
  createdAt: z.iso.datetime(),
})
export type Evaluation = z.infer<typeof evaluationSchema>

export const verdicts = ['win', 'loss', 'tie'] as const
/** What a candidate's answer is against the baseline's to the same prompt. */
export type Verdict = (typeof verdicts)[number]

/** One prompt of an evaluation with the answer of every policy; a line each in the artifact of the evaluation. */
export const judgedAnswersSchema = z.strictObject({
  position: z.number().int().describe('Of the prompt among those of the evaluation, from 0'),
  prompt: z.array(messageSchema),
  answers: z
    .record(
      z.string(),
      completionSchema.extend({
        score: z.number().describe('By the judge'),
        verdict: z.enum(verdicts).nullable().describe('Against the baseline; null for the baseline itself'),
      }),
    )
    .describe('By the name of the policy, the baseline first'),
})
export type JudgedAnswers = z.infer<typeof judgedAnswersSchema>
export type JudgedAnswer = JudgedAnswers['answers'][string]
