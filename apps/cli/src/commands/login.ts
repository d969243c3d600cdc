import { isCancel, password } from '@clack/prompts'
import { meSchema, TemperError } from '@temper/db/contracts'
import { ApiClient } from '../api/client.ts'
import { command } from '../command.ts'
import { readEnvironment, saveConnection } from '../connection.ts'

export const login = command(
  'Remember an API and a key for it',
  {
    url: { type: 'string', required: true, description: 'Address of the API' },
    key: { type: 'string', description: 'A key; asked for unless given' },
  },
  async ({ args, out }) => {
    const apiUrl = args.url.replace(/\/$/, '')
    const connection = { apiUrl, apiKey: args.key ?? (await askForKey()) }
    const me = await new ApiClient(connection).get('/v1/me', meSchema)
    const path = await saveConnection(readEnvironment(process.env), connection)
    out.document({ ...me, apiUrl, path }, () => `You are ${me.name} (${me.role}) at ${apiUrl}; kept in ${path}`)
  },
)

async function askForKey(): Promise<string> {
  if (!process.stdin.isTTY) throw new TemperError('invalid_input', 'give the key by --key: there is nobody to ask')
  const answer = await password({ message: 'Key' })
  if (isCancel(answer)) throw new TemperError('cancelled', 'no key was given')
  return answer
}
