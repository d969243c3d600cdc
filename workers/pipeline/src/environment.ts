import { servingPrecisionSchema, TemperError } from '@temper/db/contracts'
import { z } from 'zod'

/** What the worker processes read from their environment. */
const environmentSchema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  TEMPORAL_ADDRESS: z.string().regex(/^.+:\d+$/, 'expected host:port'),
  TEMPER_STORE: z.string().min(1).describe('Folder of the artifact store'),
  TEMPER_WORK_DIR: z
    .string()
    .min(1)
    .describe('Folder for local copies and locks, shared by the workers of this machine'),
  TEMPER_DEVICES: z
    .string()
    .regex(/^\d+(,\d+)*$/, 'expected numbers with commas')
    .default('0')
    .transform((list) => list.split(','))
    .describe('Devices of this machine; each has an engine worker of its own'),
  HF_ENDPOINT: z
    .url()
    .default('https://huggingface.co')
    .transform((url) => url.replace(/\/$/, ''))
    .describe('The Hugging Face Hub that models are fetched from'),
  HF_TOKEN: z
    .string()
    .transform((token) => token || undefined)
    .optional()
    .describe('For repositories that are not open to everyone'),
  TEMPER_IDLE_SECONDS: z.coerce
    .number()
    .positive()
    .default(30)
    .describe('An engine worker without work ends after this'),
  TEMPER_SERVE_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address of this machine by which the API reaches the server of completions'),
  TEMPER_SERVE_IDLE_SECONDS: z.coerce
    .number()
    .positive()
    .default(120)
    .describe('A server of completions that nobody asks ends after this'),
  TEMPER_SERVE_YIELD_SECONDS: z.coerce
    .number()
    .positive()
    .default(30)
    .describe('The same where training waits for the device'),
  TEMPER_SERVE_PRECISION: servingPrecisionSchema
    .default('fp32')
    .describe('In which a server of completions keeps weights, and but for int8 also caches and multiplies'),
  TEMPER_PARENT_PID: z.coerce.number().int().positive().optional().describe('The process ends when this one is gone'),
  TEMPER_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})
export type Environment = z.infer<typeof environmentSchema>

/** Throws `invalid_input` naming the variable and the rule. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const parsed = environmentSchema.safeParse(variables)
  if (parsed.success) return parsed.data
  const rules = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new TemperError('invalid_input', `the environment is not usable: ${rules.join('; ')}`)
}
