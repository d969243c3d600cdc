import { TemperError } from '@temper/db/contracts'
import { answersKeptMs, createRun, type Db, digestId, getRun, type RunRecord } from '@temper/db/queries'

type NewRun = Parameters<typeof createRun>[1]

/**
 * The run of a request. `requestDigest` is the same for repeats of one request: they find its run even where the API
 * ended after it had written it, and before it had answered.
 */
export async function createRunOnce(db: Db, input: NewRun, requestDigest: string | undefined): Promise<RunRecord> {
  if (requestDigest === undefined) return createRun(db, input)
  const id = digestId('run', requestDigest)
  const earlier = await existing(db, id)
  if (earlier === undefined) return createRun(db, { ...input, id })
  const isRepeat = Date.now() - Date.parse(earlier.createdAt) < answersKeptMs
  return isRepeat ? earlier : createRun(db, input)
}

async function existing(db: Db, id: string): Promise<RunRecord | undefined> {
  try {
    return await getRun(db, id)
  } catch (thrown) {
    if (thrown instanceof TemperError && thrown.code === 'not_found') return undefined
    throw thrown
  }
}
