import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'

/** What the stack reads from its environment; the three addresses each replace an embedded part. */
const environmentSchema = z.object({
  TEMPER_HOME: z.string().min(1).default('.temper').describe('Folder of the state; .temper in the repository'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('A Postgres in place of the embedded one'),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^.+:\d+$/, 'expected host:port')
    .optional()
    .describe('A Temporal server'),
  TEMPER_TEMPORAL_UI_URL: z.url().optional().describe('Where people reach a Temporal UI, for links to it'),
  TEMPER_STORE: z.string().min(1).optional().describe('Folder of the artifact store'),
  /** Set by npm for the scripts it runs. */
  npm_lifecycle_event: z.string().optional(),
})
export type Environment = z.infer<typeof environmentSchema>

/** Throws `invalid_input` naming the variable and the rule. */
export function readEnvironment(variables: Record<string, string | undefined> = process.env): Environment {
  const parsed = environmentSchema.safeParse(variables)
  if (parsed.success) return parsed.data
  const rules = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new TemperError('invalid_input', `the environment is not usable: ${rules.join('; ')}`)
}
