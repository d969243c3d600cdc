import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Run, runSummarySchema, TemperError } from '@temper/db/contracts'
import { inRepository } from '../setup/places.mjs'

/** Begins the quickstart run at the first start of a home, if wanted, and notes that the first start is over. */
export async function beginDemo(
  home: string,
  api: { apiUrl: string; apiKey: string },
  wanted: boolean,
): Promise<string | undefined> {
  const note = join(home, 'first-start.json')
  if (existsSync(note)) return undefined
  // The same key at a second try: a kill between the request and the note never makes two runs.
  const runId = wanted ? (await createQuickstartRun(api, { idempotencyKey: 'first-start' })).id : undefined
  writeFileSync(`${note}.new`, JSON.stringify({ runId: runId ?? null }))
  renameSync(`${note}.new`, note)
  return runId
}

/** Creates a run of recipes/quickstart.yaml. Throws what the API answers when it refuses. */
export async function createQuickstartRun(
  { apiUrl, apiKey }: { apiUrl: string; apiKey: string },
  { idempotencyKey, seed }: { idempotencyKey: string; seed?: number | undefined },
): Promise<Pick<Run, 'id'>> {
  const recipe = readFileSync(inRepository('recipes/quickstart.yaml'), 'utf8')
  const response = await fetch(`${apiUrl}/v1/runs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify({ recipe, seed }),
  })
  const body = await response.text()
  if (!response.ok) throw new TemperError('internal', `the API refused the quickstart run: ${body}`)
  return runSummarySchema.pick({ id: true }).parse(JSON.parse(body))
}
