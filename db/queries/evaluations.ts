import { and, asc, eq } from 'drizzle-orm'
import { type Evaluation, TemperError } from '../contracts/index.ts'
import { evaluations } from '../schema/index.ts'
import type { Db } from './database.ts'
import { digestId } from './digest-id.ts'

/**
 * Saves what an evaluate stage found; a retry writes it anew under the same id.
 * @param sha256 - of its judged answers, in the artifact store
 */
export async function saveEvaluation(
  db: Db,
  found: Omit<Evaluation, 'id' | 'createdAt'>,
  sha256: string,
): Promise<Evaluation> {
  const id = digestId('evaluation', found.runId, found.stage)
  const [row] = await db
    .insert(evaluations)
    .values({ ...found, sha256, id })
    .onConflictDoUpdate({ target: evaluations.id, set: { ...found, sha256 } })
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

/** An evaluation with the digest of its judged answers. Throws `not_found`, also where none were kept. */
export async function getAnswersOf(db: Db, runId: string, id: string): Promise<Evaluation & { sha256: string }> {
  const [row] = await db
    .select()
    .from(evaluations)
    .where(and(eq(evaluations.runId, runId), eq(evaluations.id, id)))
  const details = { runId, id }
  if (row === undefined) throw new TemperError('not_found', `run '${runId}' has no evaluation '${id}'`, { details })
  if (row.sha256 !== null) return { ...toEvaluation(row), sha256: row.sha256 }
  throw new TemperError('not_found', `evaluation '${id}' is of before answers were kept`, { details })
}

function toEvaluation({ sha256: _, ...row }: typeof evaluations.$inferSelect): Evaluation {
  return { ...row, createdAt: row.createdAt.toISOString() }
}
