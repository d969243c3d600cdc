import { wheelFileSchema } from '@temper/engine/import'
import { z } from 'zod'

const ids = z.array(z.number())

/** A chat with its prompt, and what follows: the most likely next tokens with their logits, and greedy ones. */
const chatSchema = z.object({
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
  rendered: z.string(),
  prompt_ids: ids,
  top5: z.array(z.tuple([z.number(), z.number()])),
  logsumexp: z.number(),
  greedy_ids: ids,
  greedy_text: z.string(),
})

/** Two answers to a prompt, as text, with their summed log-probabilities. */
const pairSchema = z.object({
  prompt: z.string(),
  chosen: z.string(),
  rejected: z.string(),
  prompt_ids: ids,
  chosen_ids: ids,
  rejected_ids: ids,
  chosen_logp: z.number(),
  rejected_logp: z.number(),
})

export const smollm2Schema = z.object({
  source: wheelFileSchema,
  parameters: z.number(),
  tolerance: z.object({ logits: z.number(), logp_sum: z.number() }),
  chats: z.array(chatSchema),
  pairs: z.array(pairSchema),
})
export type Smollm2Reference = z.infer<typeof smollm2Schema>
