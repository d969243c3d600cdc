import { invitationSchema, memberSchema, pageSchema, roles } from '@temper/db/contracts'
import { command, group } from '../command.ts'
import { table } from '../output.ts'

const list = command('Everyone who can sign in', {}, async ({ api, out }) => {
  const { items } = await api.get('/v1/members', pageSchema(memberSchema))
  out.document(items, () =>
    table(
      ['id', 'name', 'role'],
      items.map(({ id, name, role }) => [id, name, role]),
    ),
  )
})

const invite = command(
  'Invite someone by a link that works once',
  {
    name: { type: 'positional', required: true, description: 'Their name' },
    role: { type: 'string', default: 'labeler', description: `${roles.join(', ')}; a labeler sees labelling only` },
  },
  async ({ args, api, out }) => {
    const invitation = await api.post('/v1/members', { name: args.name, role: args.role }, invitationSchema)
    out.document(invitation, () => `Send ${args.name} this link, it works once: ${invitation.link}`)
  },
)

export const members = group('members', 'People', { list, invite })
