import { preferenceRowSchema } from '@temper/db/contracts'
import { preferenceSequences, readRows, type Sequence } from '../data/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'

/** A judged pair as token sequences: prompt and answer, with the loss on the answer. */
export interface Pair {
  chosen: Sequence
  rejected: Sequence
  tie: boolean
}

export async function readPairs(file: string, tokenizer: Tokenizer, maxLength: number): Promise<Pair[]> {
  const rows = await readRows(file, preferenceRowSchema)
  return rows.map((row, i) => {
    const { chosen, rejected } = preferenceSequences(tokenizer, row, maxLength)
    const dataRows = [i + 1]
    return { chosen: { ...chosen, dataRows }, rejected: { ...rejected, dataRows }, tie: row.tie }
  })
}

export function withoutTies(pairs: readonly Pair[]): Pair[] {
  return pairs.filter(({ tie }) => !tie)
}
