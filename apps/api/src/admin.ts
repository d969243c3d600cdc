/** Administration of the database at DATABASE_URL, for whoever can reach it: the first way in. Prints one line. */
import { parseArgs } from 'node:util'
import { z } from '@hono/zod-openapi'
import { scopes, TemperError, toTemperError } from '@temper/db/contracts'
import { createKey, createSignInToken, type Db, ensureOwner, migrate, openDatabase } from '@temper/db/queries'
import { signInLink } from './sign-in-link.ts'

const usage = `usage: admin.ts sign-in-link
         prints a link that signs the owner in, once, within two days; makes the owner where there is none
       admin.ts create-key --name NAME --scopes ${scopes.join(',')}
         prints the secret of a new key of the owner
`

const environmentSchema = z.object({
  DATABASE_URL: z.string().min(1),
  TEMPER_WEB_URL: z.url().default('http://127.0.0.1:3000'),
})

async function signIn(db: Db, webUrl: string): Promise<string> {
  const owner = await ensureOwner(db)
  return signInLink(webUrl.replace(/\/$/, ''), await createSignInToken(db, owner.id))
}

async function makeKey(db: Db, args: string[]): Promise<string> {
  const { values } = parseArgs({ args, options: { name: { type: 'string' }, scopes: { type: 'string' } } })
  const wanted = z
    .object({ name: z.string().min(1), scopes: z.array(z.enum(scopes)).min(1) })
    .safeParse({ name: values.name, scopes: values.scopes?.split(',') })
  if (!wanted.success) throw new TemperError('invalid_input', z.prettifyError(wanted.error))
  const { secret } = await createKey(db, { memberId: (await ensureOwner(db)).id, ...wanted.data })
  return secret
}

async function main([command, ...args]: string[]): Promise<string> {
  if (command !== 'sign-in-link' && command !== 'create-key') throw new TemperError('invalid_input', usage)
  const environment = environmentSchema.safeParse(process.env)
  if (!environment.success) throw new TemperError('invalid_input', z.prettifyError(environment.error))
  const { DATABASE_URL, TEMPER_WEB_URL } = environment.data
  await migrate(DATABASE_URL)
  const database = openDatabase(DATABASE_URL, { max: 1, name: 'temper admin' })
  try {
    return command === 'sign-in-link' ? await signIn(database.db, TEMPER_WEB_URL) : await makeKey(database.db, args)
  } finally {
    await database.close()
  }
}

try {
  process.stdout.write(`${await main(process.argv.slice(2))}\n`)
} catch (thrown) {
  process.stderr.write(`${toTemperError(thrown).message}\n`)
  process.exitCode = 1
}
