import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

/** Which API, and as whom. */
export interface Connection {
  apiUrl: string
  apiKey: string
}

const environmentSchema = z.object({
  TEMPER_URL: z.url().optional(),
  TEMPER_KEY: z.string().min(1).optional(),
  /** Folder of a local stack; `.temper` here or in a folder above unless set. */
  TEMPER_HOME: z.string().min(1).optional(),
  XDG_CONFIG_HOME: z.string().min(1).optional(),
})
export type Environment = z.infer<typeof environmentSchema>

export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const parsed = environmentSchema.safeParse(variables)
  if (parsed.success) return parsed.data
  throw new TemperError('invalid_input', `the environment is not as expected: ${z.prettifyError(parsed.error)}`)
}

const fileSchema = z.object({ apiUrl: z.url(), apiKey: z.string() })

/**
 * The connection to use: TEMPER_URL with TEMPER_KEY, else the stack that `npm start` runs in this folder or one above,
 * else the one of `temper login`. Throws `unauthenticated` where there is none.
 */
export function findConnection(environment: Environment, folder: string): Connection {
  const { TEMPER_URL: apiUrl, TEMPER_KEY: apiKey } = environment
  if (apiUrl !== undefined && apiKey !== undefined) return { apiUrl: apiUrl.replace(/\/$/, ''), apiKey }
  if (apiUrl !== undefined || apiKey !== undefined) {
    throw new TemperError('invalid_input', 'set both TEMPER_URL and TEMPER_KEY, or neither')
  }
  const local = localConnectionPath(environment, folder)
  const path = [local, credentialsPath(environment)].find(
    (candidate) => candidate !== undefined && existsSync(candidate),
  )
  if (path !== undefined) return readConnection(path)
  const ways = 'run `npm start` in the project, or `temper login --url URL`, or set TEMPER_URL and TEMPER_KEY'
  throw new TemperError('unauthenticated', `no API is known here: ${ways}`)
}

/** Keeps the connection where only its owner can read it. Returns the path. */
export async function saveConnection(environment: Environment, connection: Connection): Promise<string> {
  const path = credentialsPath(environment)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 })
  await chmod(`${path}.new`, 0o600)
  await rename(`${path}.new`, path)
  return path
}

function readConnection(path: string): Connection {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new TemperError('invalid_input', `${path} is not a connection; remove it, or sign in again`, { cause })
  }
}

function credentialsPath(environment: Environment): string {
  return join(environment.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'temper', 'connection.json')
}

function localConnectionPath(environment: Environment, folder: string): string | undefined {
  if (environment.TEMPER_HOME !== undefined) return join(resolve(folder, environment.TEMPER_HOME), 'connection.json')
  const path = join(folder, '.temper', 'connection.json')
  if (existsSync(path)) return path
  return dirname(folder) === folder ? undefined : localConnectionPath(environment, dirname(folder))
}
