import { z } from 'zod'
import { idSchema } from './ids.ts'

export const roles = ['owner', 'member', 'labeler'] as const
export type Role = (typeof roles)[number]

/** What a key or session may do. A labeler has `label` only. */
export const scopes = ['read', 'write', 'label', 'admin'] as const
export type Scope = (typeof scopes)[number]

export const roleScopes: Record<Role, readonly Scope[]> = {
  owner: ['read', 'write', 'label', 'admin'],
  member: ['read', 'write', 'label'],
  labeler: ['label'],
}

/** Who is signed in, as pages need it. */
export const meSchema = z.strictObject({
  id: idSchema('member'),
  name: z.string(),
  role: z.enum(roles),
  scopes: z.array(z.enum(scopes)),
})
export type Me = z.infer<typeof meSchema>

export const apiKeySchema = z.strictObject({
  id: idSchema('key'),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** First characters, to tell keys apart; the rest is kept only as a hash. */
  preview: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})
export type ApiKey = z.infer<typeof apiKeySchema>

export const memberSchema = z.strictObject({
  id: idSchema('member'),
  name: z.string(),
  role: z.enum(roles),
  createdAt: z.iso.datetime(),
})
export type Member = z.infer<typeof memberSchema>

const displayName = z.string().trim().min(1).max(80)

export const inviteSchema = z.strictObject({ name: displayName, role: z.enum(roles) })
/** `link` signs the new member in, once. */
export const invitationSchema = z.strictObject({ member: memberSchema, link: z.url() })

export const createKeySchema = z.strictObject({ name: displayName, scopes: z.array(z.enum(scopes)).min(1) })
/** The only answer that ever holds the secret. */
export const keyCreatedSchema = apiKeySchema.extend({ secret: z.string() })
export type KeyCreated = z.infer<typeof keyCreatedSchema>
