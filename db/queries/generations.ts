import { and, asc, eq, gt, lt, sql } from 'drizzle-orm'
import {
  type GenerationEvent,
  type GenerationState,
  type Message,
  newId,
  type Sampling,
  TemperError,
} from '../contracts/index.ts'
import { generationEvents, generations } from '../schema/index.ts'
import type { Db } from './database.ts'
import { notify } from './notifications.ts'

export interface Generation {
  id: string
  checkpointId: string
  messages: Message[]
  sampling: Sampling
  seed: number
  state: GenerationState
}

/** Writes a queued request; its first event says so. */
export async function createGeneration(db: Db, input: Omit<Generation, 'id' | 'state'>): Promise<Generation> {
  const id = newId('generation')
  await db.insert(generations).values({ ...input, id, state: 'queued' })
  await appendGenerationEvent(db, id, { type: 'queued', message: 'Waiting for a worker' })
  return { ...input, id, state: 'queued' }
}

/** Throws `not_found`. */
export async function getGeneration(db: Db, id: string): Promise<Generation> {
  const [row] = await db.select().from(generations).where(eq(generations.id, id))
  if (row === undefined) throw new TemperError('not_found', `no generation has the id '${id}'`, { details: { id } })
  const { checkpointId, messages, sampling, seed, state } = row
  return { id, checkpointId, messages, sampling, seed, state }
}

/** The state that an event leads to. */
const stateAfter: Record<GenerationEvent['type'], GenerationState> = {
  queued: 'queued',
  token: 'running',
  done: 'done',
  failed: 'failed',
}

/**
 * Adds an event to the stream and wakes its readers. Returns false, adding nothing, once the stream has ended: done,
 * failed or cancelled. Whoever writes tokens stops then.
 */
export async function appendGenerationEvent(db: Db, id: string, event: GenerationEvent): Promise<boolean> {
  const state = event.type === 'failed' && event.code === 'cancelled' ? 'cancelled' : stateAfter[event.type]
  return db.transaction(async (tx) => {
    const [row] = await tx
      .update(generations)
      .set({
        eventCount: sql`${generations.eventCount} + 1`,
        state,
        finishedAt: state === 'queued' || state === 'running' ? null : new Date(),
      })
      .where(and(eq(generations.id, id), sql`${generations.finishedAt} is null`))
      .returning({ sequence: generations.eventCount })
    if (row === undefined) return false
    await tx.insert(generationEvents).values({ generationId: id, sequence: row.sequence, event })
    await notify(tx, id)
    return true
  })
}

/** Ends the stream at the reader's wish. */
export async function cancelGeneration(db: Db, id: string): Promise<void> {
  await appendGenerationEvent(db, id, { type: 'failed', code: 'cancelled', message: 'Stopped' })
}

/**
 * Begins the stream anew before a retried attempt: what the failed one wrote goes, and a `queued` event tells readers to
 * start over. Returns false, changing nothing, once the stream has ended.
 */
export async function restartGeneration(db: Db, id: string): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (!(await appendGenerationEvent(tx, id, { type: 'queued', message: 'Starting' }))) return false
    const { eventCount } = generations
    const last = tx.select({ eventCount }).from(generations).where(eq(generations.id, id))
    await tx
      .delete(generationEvents)
      .where(and(eq(generationEvents.generationId, id), lt(generationEvents.sequence, last)))
    return true
  })
}

/** Events with a number above `after`, in order. */
export async function listGenerationEvents(
  db: Db,
  id: string,
  after = 0,
): Promise<{ sequence: number; event: GenerationEvent }[]> {
  return db
    .select({ sequence: generationEvents.sequence, event: generationEvents.event })
    .from(generationEvents)
    .where(and(eq(generationEvents.generationId, id), gt(generationEvents.sequence, after)))
    .orderBy(asc(generationEvents.sequence))
}
