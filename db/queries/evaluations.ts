import { asc, eq } from 'drizzle-orm'
import type { Evaluation } from '../contracts/index.ts'
import { evaluations } from '../schema/index.ts'
import type { Db } from './database.ts'
import { digestId } from './digest-id.ts'

/** Saves what an evaluate stage found; a retry writes it anew under the same id. */
export async function saveEvaluation(db: Db, input: Omit<Evaluation, 'id' | 'createdAt'>): Promise<Evaluation> {
  const id = digestId('evaluation', input.runId, input.stage)
  const [row] = await db
    .insert(evaluations)
    .values({ ...input, id })
    .onConflictDoUpdate({ target: evaluations.id, set: input })
    .returning()
  if (row === undefined) throw new Error('INSERT … RETURNING gave no row')
  return toEvaluation(row)
}

/** In the order in which the stages ended. */
export async function listEvaluations(db: Db, runId: string): Promise<Evaluation[]> {
  const rows = await db
    .select()
    .from(evaluations)
    .where(eq(evaluations.runId, runId))
    .orderBy(asc(evaluations.createdAt), asc(evaluations.stage))
  return rows.map(toEvaluation)
}

function toEvaluation(row: typeof evaluations.$inferSelect): Evaluation {
  return { ...row, createdAt: row.createdAt.toISOString() }
}
