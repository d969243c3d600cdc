import { z } from 'zod'

const numbers = z.array(z.number())

/** Right-padded rows; completion tokens begin at prompt_lengths[i]. */
export const forwardSchema = z.object({
  ids: z.array(numbers),
  lengths: numbers,
  prompt_lengths: numbers,
  logits_row0: z.array(numbers),
  logits_last_row2: numbers,
  lm_loss: z.number(),
  completion_loss: z.number(),
  completion_grad_norms: z.record(z.string(), z.number()),
  completion_grad_global_norm: z.number(),
})
export type ForwardReference = z.infer<typeof forwardSchema>

export const generateSchema = z.object({ prompts: z.record(z.string(), numbers) }).catchall(numbers)

export const dpoSchema = z.object({
  beta: z.number(),
  chosen_rows: numbers,
  rejected_rows: numbers,
  ref_logps: numbers,
  policy_logps: numbers,
  losses: z.record(z.string(), z.number()),
  rewards_chosen: numbers,
  rewards_rejected: numbers,
  sigmoid_grad_global_norm: z.number(),
})

export const adamwSchema = z.object({
  lr_peak: z.number(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  weight_decay_matrices: z.number(),
  clip: z.number(),
  warmup: z.number(),
  steps: z.number(),
  trajectory: z.array(z.object({ step: z.number(), lr: z.number(), loss: z.number(), grad_norm: z.number() })),
})
