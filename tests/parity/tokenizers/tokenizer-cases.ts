import { messageSchema } from '@temper/db/contracts'
import { z } from 'zod'

const ids = z.array(z.number())

/** What the Rust tokenizers and transformers make of a tokenizer's files. */
export const tokenizerCasesSchema = z.object({
  special: z.object({
    bos_token: z.string().optional(),
    eos_token: z.string().optional(),
    pad_token: z.string().optional(),
  }),
  /** `decoded` is the text of `ids_plain`, which has no special tokens but those of the text. */
  cases: z.array(
    z.object({ text: z.string(), ids, ids_plain: ids, decoded: z.string(), decoded_no_special: z.string() }),
  ),
  chats: z.array(
    z.object({ messages: z.array(messageSchema), add_generation_prompt: z.boolean(), text: z.string(), ids }),
  ),
})
export type TokenizerCases = z.infer<typeof tokenizerCasesSchema>
