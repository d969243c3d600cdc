import { arrayOverlaps } from 'drizzle-orm'
import type { Checkpoint } from '../contracts/index.ts'
import { checkpoints } from '../schema/index.ts'
import { getCheckpoint, getCheckpoints } from './checkpoints.ts'
import type { Db } from './database.ts'

/** A checkpoint's ancestors and descendants, itself included, oldest first; edges are their `parents`. */
export async function lineageOf(db: Db, id: string): Promise<Checkpoint[]> {
  const start = await getCheckpoint(db, id)
  const found = new Map([[id, start]])
  await walk(found, [start], async (level) =>
    getCheckpoints(
      db,
      level.flatMap((checkpoint) => checkpoint.parents),
    ),
  )
  await walk(found, [start], async (level) => childrenOf(db, level))
  return [...found.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id))
}

/** Level by level: a lineage is a few stages deep, so this is a few queries. */
async function walk(
  found: Map<string, Checkpoint>,
  start: Checkpoint[],
  next: (level: Checkpoint[]) => Promise<Checkpoint[]>,
): Promise<void> {
  let level = start
  while (level.length > 0) {
    level = (await next(level)).filter((checkpoint) => !found.has(checkpoint.id))
    for (const checkpoint of level) found.set(checkpoint.id, checkpoint)
  }
}

async function childrenOf(db: Db, level: Checkpoint[]): Promise<Checkpoint[]> {
  const ids = level.map((checkpoint) => checkpoint.id)
  const rows = await db.select({ id: checkpoints.id }).from(checkpoints).where(arrayOverlaps(checkpoints.parents, ids))
  return getCheckpoints(
    db,
    rows.map((row) => row.id),
  )
}
