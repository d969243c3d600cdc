import { apiKeySchema, keyCreatedSchema, pageSchema, scopes } from '@temper/db/contracts'
import { command, group } from '../command.ts'
import { table } from '../output.ts'

const list = command('Your keys, without their secrets', {}, async ({ api, out }) => {
  const { items } = await api.get('/v1/keys', pageSchema(apiKeySchema))
  out.document(items, () =>
    table(
      ['id', 'name', 'scopes', 'begins with', 'last used'],
      items.map((key) => [key.id, key.name, key.scopes.join(','), key.preview, key.lastUsedAt ?? 'never']),
    ),
  )
})

const create = command(
  'Make a key; its secret is shown once',
  {
    name: { type: 'positional', required: true, description: 'What it is for' },
    scopes: { type: 'string', default: 'read', description: `Of ${scopes.join(', ')}, separated by commas` },
  },
  async ({ args, api, out }) => {
    const body = { name: args.name, scopes: args.scopes.split(',') }
    const created = await api.post('/v1/keys', body, keyCreatedSchema)
    out.document(created, () => `${created.secret}\nKeep it: it is not shown again (${created.id})`)
  },
)

const remove = command(
  'Delete a key; it stops working at once',
  { key: { type: 'positional', required: true, description: 'Id of the key' } },
  async ({ args, api, out }) => {
    await api.send(`/v1/keys/${args.key}`, { method: 'DELETE' })
    out.document({ deleted: args.key }, () => `Deleted ${args.key}`)
  },
)

export const keys = group('keys', 'Keys of programs', { list, create, delete: remove })
