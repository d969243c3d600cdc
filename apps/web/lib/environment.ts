import { z } from 'zod'

const environmentSchema = z.object({
  TEMPER_API_URL: z.url().default('http://127.0.0.1:4000').describe('Where the API listens, as the web server sees it'),
})

let environment: z.infer<typeof environmentSchema> | undefined

/** The web server's settings, read at run time (a build knows nothing of where it will run), once. */
export function serverEnvironment() {
  environment ??= environmentSchema.parse(process.env)
  return environment
}
