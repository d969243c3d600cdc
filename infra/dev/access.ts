import { execFile } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { inRepository } from '../setup/places.mjs'
import { typescript } from './parts/applications.ts'

const execute = promisify(execFile)

/** `connection.json` of a home: how programs on this machine, the `temper` command first, reach its API. */
const connectionSchema = z.object({ apiUrl: z.string(), webUrl: z.string(), apiKey: z.string() })
export type Connection = z.infer<typeof connectionSchema>

type Environment = Record<string, string | undefined>

/** A link that signs its first visitor in as the owner. */
export function createSignInLink(env: Environment): Promise<string> {
  return runAdmin(['sign-in-link'], env)
}

/** An owner's key for the API of this home: the one it already has if the API still takes it, else a new one. */
export async function keepConnection(
  home: string,
  apiUrl: string,
  webUrl: string,
  env: Environment,
): Promise<Connection> {
  const known = readConnection(home)?.apiKey
  const apiKey =
    known !== undefined && (await isAccepted(apiUrl, known))
      ? known
      : await runAdmin(['create-key', '--name', 'local', '--scopes', 'read,write,label,admin'], env)
  const connection = { apiUrl, webUrl, apiKey }
  const path = connectionPath(home)
  writeFileSync(`${path}.new`, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return connection
}

function readConnection(home: string): Connection | undefined {
  const path = connectionPath(home)
  if (!existsSync(path)) return undefined
  const parsed = connectionSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  return parsed.success ? parsed.data : undefined
}

function connectionPath(home: string): string {
  return join(home, 'connection.json')
}

async function isAccepted(apiUrl: string, apiKey: string): Promise<boolean> {
  const response = await fetch(`${apiUrl}/v1/me`, { headers: { authorization: `Bearer ${apiKey}` } })
  return response.ok
}

/** Runs the API's own administration program, which prints one line. */
async function runAdmin(words: string[], env: Environment): Promise<string> {
  try {
    const { stdout } = await execute(process.execPath, [...typescript('apps/api/src/admin.ts'), ...words], {
      cwd: inRepository(),
      env,
    })
    return stdout.trim()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemperError('setup_failed', `admin ${words[0]} failed: ${reason}`, { cause })
  }
}
