import { z } from 'zod'

/** How attention is computed: all scores of a row at once, in tiles by our kernel, or in tiles of TensorFlow's operations. */
export const attentionForms = ['plain', 'tiled', 'tiled, no kernel'] as const
/** How the logits of the trained tokens are held: all at once, or those of a chunk. */
export const headForms = ['all logits', 'chunks'] as const

/** One training step of which the memory is measured. */
export const pointSchema = z.discriminatedUnion('part', [
  z.object({ part: z.literal('attention'), form: z.enum(attentionForms), length: z.number().int().positive() }),
  z.object({ part: z.literal('head'), form: z.enum(headForms), length: z.number().int().positive() }),
])
export type MemoryPoint = z.infer<typeof pointSchema>

const lengths = [256, 512, 1024, 2048, 4096, 8192]

/** One row of each length in each form of attention, and so many trained tokens in each form of the head. */
export function memoryPoints(upTo = 8192): MemoryPoint[] {
  const used = lengths.filter((length) => length <= upTo)
  return [
    ...used.flatMap((length) => attentionForms.map((form) => ({ part: 'attention' as const, form, length }))),
    ...used.flatMap((length) => headForms.map((form) => ({ part: 'head' as const, form, length }))),
  ]
}
