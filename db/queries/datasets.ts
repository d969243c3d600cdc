import { and, desc, eq, or, sql } from 'drizzle-orm'
import { type Dataset, type DatasetKind, TemperError } from '../contracts/index.ts'
import { datasets } from '../schema/index.ts'
import type { Db } from './database.ts'
import { digestId } from './digest-id.ts'
import { afterCursor, newestFirst, type Page, type PageRequest, toPage } from './page.ts'

export type NewDataset = Omit<Dataset, 'id' | 'version' | 'createdAt'>

/** Registers rows that are already in the store. The same rows under the same name give the same dataset again. */
export async function registerDataset(db: Db, input: NewDataset): Promise<Dataset> {
  const id = digestId('dataset', input.name, input.kind, input.sha256)
  await db.transaction(async (tx) => {
    // Two uploads under one name take turns, so that each gets a version of its own.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${input.name}, 0))`)
    const [newest] = await tx
      .select({ version: datasets.version })
      .from(datasets)
      .where(eq(datasets.name, input.name))
      .orderBy(desc(datasets.version))
      .limit(1)
    await tx
      .insert(datasets)
      .values({ ...input, id, version: (newest?.version ?? 0) + 1 })
      .onConflictDoNothing({ target: datasets.id })
  })
  return getDataset(db, id)
}

/** By id, or by name: then its newest version. */
export async function findDataset(db: Db, idOrName: string): Promise<Dataset | undefined> {
  const [row] = await db
    .select()
    .from(datasets)
    .where(or(eq(datasets.id, idOrName), eq(datasets.name, idOrName)))
    .orderBy(desc(datasets.version))
    .limit(1)
  return row === undefined ? undefined : toDataset(row)
}

/** As `findDataset`; throws `not_found`. */
export async function getDataset(db: Db, idOrName: string): Promise<Dataset> {
  const dataset = await findDataset(db, idOrName)
  if (dataset === undefined) {
    throw new TemperError('not_found', `no dataset has the id or name '${idOrName}'`, {
      details: { dataset: idOrName },
    })
  }
  return dataset
}

/** Newest first. */
export async function listDatasets(
  db: Db,
  page: PageRequest & { kind?: DatasetKind | undefined },
): Promise<Page<Dataset>> {
  const kind = page.kind === undefined ? undefined : eq(datasets.kind, page.kind)
  const rows = await db
    .select()
    .from(datasets)
    .where(and(kind, afterCursor(datasets, page.cursor)))
    .orderBy(...newestFirst(datasets))
    .limit(page.limit + 1)
  return toPage(rows, page.limit, toDataset)
}

function toDataset(row: typeof datasets.$inferSelect): Dataset {
  return { ...row, createdAt: row.createdAt.toISOString() }
}
