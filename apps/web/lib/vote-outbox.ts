import {
  castVoteSchema,
  comparisonSchema,
  type LabelProgress,
  labelProgressSchema,
  voteReceiptSchema,
} from '@temper/db/contracts'
import { z } from 'zod'
import { send } from './api.ts'
import type { Command } from './vote-session.ts'

/** Sends one command; the ids in it make a repetition harmless. Answers the progress after it, where it is told. */
export async function deliver(command: Command): Promise<LabelProgress | null> {
  if (command.type === 'vote') {
    const path = `/v1/comparisons/${command.comparison.id}/vote`
    const response = await send('POST', path, command.vote, command.vote.voteId)
    return voteReceiptSchema.parse(await response.json()).progress
  }
  const response = await send('POST', `/v1/votes/${command.voteId}/undo`, {}, `undo-${command.voteId}`)
  const progress = labelProgressSchema.safeParse(await response.json().catch(() => null))
  return progress.success ? progress.data : null
}

const storageKey = 'temper-votes'

const outboxSchema = z.array(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('vote'), comparison: comparisonSchema, vote: castVoteSchema.required() }),
    z.object({ type: z.literal('undo'), comparison: comparisonSchema, voteId: z.string() }),
  ]),
)

/** Keeps what has not been delivered over a reload or a closed tab. */
export function storeOutbox(outbox: readonly Command[]): void {
  if (outbox.length === 0) localStorage.removeItem(storageKey)
  else localStorage.setItem(storageKey, JSON.stringify(outbox))
}

/** What an earlier page did not deliver; nothing where the entry is not one that this version wrote. */
export function restoreOutbox(): Command[] {
  const stored = localStorage.getItem(storageKey)
  if (stored === null) return []
  try {
    return outboxSchema.parse(JSON.parse(stored))
  } catch (error) {
    console.warn('Votes kept by another version of this page could not be read', error)
    return []
  }
}
