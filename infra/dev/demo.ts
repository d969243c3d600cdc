import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { idSchema } from '@temper/db/contracts'
import { z } from 'zod'
import { inRepository } from '../setup/places.mjs'
import { type ApiAccess, askApi } from './api-client.ts'

const createdSchema = z.object({ id: idSchema('run') })

/** Begins the quickstart run at the first start of a home, if wanted, and notes that the first start is over. */
export async function beginDemo(home: string, api: ApiAccess, wanted: boolean): Promise<string | undefined> {
  const note = join(home, 'first-start.json')
  if (existsSync(note)) return undefined
  // The same key at a second try: a kill between the request and the note never makes two runs.
  const runId = wanted ? await createQuickstartRun(api, { idempotencyKey: 'first-start' }) : undefined
  writeFileSync(`${note}.new`, JSON.stringify({ runId: runId ?? null }))
  renameSync(`${note}.new`, note)
  return runId
}

/** Creates a run of recipes/quickstart.yaml and returns its id. */
export async function createQuickstartRun(
  api: ApiAccess,
  { idempotencyKey, seed }: { idempotencyKey: string; seed?: number | undefined },
): Promise<string> {
  const recipe = readFileSync(inRepository('recipes/quickstart.yaml'), 'utf8')
  const { id } = await askApi(api, '/v1/runs', createdSchema, { body: { recipe, seed }, idempotencyKey })
  return id
}
