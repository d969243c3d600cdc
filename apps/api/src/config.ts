import { z } from '@hono/zod-openapi'
import { TemperError } from '@temper/db/contracts'

const url = z.url().transform((text) => text.replace(/\/$/, ''))

const environmentSchema = z.object({
  TEMPER_HOST: z.string().default('127.0.0.1'),
  TEMPER_API_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  DATABASE_URL: z.string().min(1),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPER_STORE: z.string().min(1),
  TEMPER_WEB_URL: url.default('http://127.0.0.1:3000'),
  TEMPER_TEMPORAL_UI_URL: url.optional(),
  TEMPER_PARENT_PID: z.coerce.number().int().positive().optional(),
  TEMPER_MODEL_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(64 * 2 ** 30),
  TEMPER_SERVER_TIMEOUT_SECONDS: z.coerce.number().positive().default(120),
  TEMPER_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

/** What the environment says, read once. */
export interface Config {
  host: string
  port: number
  databaseUrl: string
  temporalAddress: string
  /** Folder of the artifact store. */
  store: string
  webUrl: string
  temporalUiUrl: string | undefined
  /** The API ends when this process does. */
  parentPid: number | undefined
  /** Of the files of one model that is sent, together. */
  modelBytes: number
  /** How long a request waits for a server of completions. */
  serverTimeoutMs: number
  logLevel: string
}

/** Throws `invalid_input` naming each variable that is missing or wrong. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new TemperError('invalid_input', `the environment is not complete: ${problems.join('; ')}`)
  }
  const env = parsed.data
  return {
    host: env.TEMPER_HOST,
    port: env.TEMPER_API_PORT,
    databaseUrl: env.DATABASE_URL,
    temporalAddress: env.TEMPORAL_ADDRESS,
    store: env.TEMPER_STORE,
    webUrl: env.TEMPER_WEB_URL,
    temporalUiUrl: env.TEMPER_TEMPORAL_UI_URL,
    parentPid: env.TEMPER_PARENT_PID,
    modelBytes: env.TEMPER_MODEL_BYTES,
    serverTimeoutMs: env.TEMPER_SERVER_TIMEOUT_SECONDS * 1000,
    logLevel: env.TEMPER_LOG_LEVEL,
  }
}
