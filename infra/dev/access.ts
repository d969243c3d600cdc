import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scopes } from '@temper/db/contracts'
import { createKey, createSignInToken, type Db, ensureOwner, openDatabase } from '@temper/db/queries'
import { z } from 'zod'
import type { ApplicationSettings } from './parts/applications.ts'

/** `connection.json` of a home: how programs on this machine, the `temper` command first, reach its API. */
const connectionSchema = z.object({ apiUrl: z.string(), webUrl: z.string(), apiKey: z.string() })

export interface Access {
  /** An owner's key, the same at every start of a home for as long as the API takes it. */
  apiKey: string
  /** Signs its first visitor in as the owner. */
  signInLink: string
}

/** Gives the owner a way in, for programs and for a browser, and notes the first in the home's `connection.json`. */
export async function openAccess(home: string, settings: ApplicationSettings): Promise<Access> {
  const { apiUrl, webUrl } = settings
  const database = openDatabase(settings.databaseUrl, { max: 1, name: 'temper start' })
  try {
    const owner = await ensureOwner(database.db)
    const apiKey = await keepKey(home, apiUrl, database.db, owner.id)
    writePrivately(connectionPath(home), { apiUrl, webUrl, apiKey } satisfies z.infer<typeof connectionSchema>)
    const token = await createSignInToken(database.db, owner.id)
    return { apiKey, signInLink: `${webUrl}/sign-in?token=${encodeURIComponent(token)}` }
  } finally {
    await database.close()
  }
}

/** The key that the home has, if the API still takes it, else a new one. */
async function keepKey(home: string, apiUrl: string, db: Db, memberId: string): Promise<string> {
  const known = readKey(home)
  if (known !== undefined && (await isAccepted(apiUrl, known))) return known
  return (await createKey(db, { memberId, name: 'local', scopes: [...scopes] })).secret
}

function readKey(home: string): string | undefined {
  const path = connectionPath(home)
  return existsSync(path) ? connectionSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).apiKey : undefined
}

function connectionPath(home: string): string {
  return join(home, 'connection.json')
}

async function isAccepted(apiUrl: string, apiKey: string): Promise<boolean> {
  const response = await fetch(`${apiUrl}/v1/me`, { headers: { authorization: `Bearer ${apiKey}` } })
  return response.ok
}

function writePrivately(path: string, content: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
