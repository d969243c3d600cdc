import { answersKeptMs, createRun, type Db, digestId, type RunRecord } from '@temper/db/queries'

type NewRun = Parameters<typeof createRun>[1]

/**
 * The run of a request. `requestDigest` is the same for repeats of one request: they find its run even where the API
 * ended after it had written it, and before it had answered.
 */
export async function createRunOnce(db: Db, input: NewRun, requestDigest: string | undefined): Promise<RunRecord> {
  if (requestDigest === undefined) return createRun(db, input)
  const run = await createRun(db, { ...input, id: digestId('run', requestDigest) })
  // The same request long after is meant as another run.
  return Date.now() - Date.parse(run.createdAt) < answersKeptMs ? run : createRun(db, input)
}
