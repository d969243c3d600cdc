import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import { type Member, newId, type Role, TemperError } from '../contracts/index.ts'
import { members, sessions, signInLinks } from '../schema/index.ts'
import type { Db } from './database.ts'
import { hashSecret, newSecret } from './secrets.ts'

export const linkLifetimeHours = 48
const sessionLifetimeDays = 30

export async function createMember(db: Db, input: { name: string; role: Role }): Promise<Member> {
  const [row] = await db
    .insert(members)
    .values({ ...input, id: newId('member') })
    .returning()
  if (row === undefined) throw new TemperError('internal', 'INSERT … RETURNING gave no row')
  return toMember(row)
}

/** Oldest first. */
export async function listMembers(db: Db): Promise<Member[]> {
  const rows = await db.select().from(members).orderBy(asc(members.createdAt), asc(members.id))
  return rows.map(toMember)
}

/** The oldest owner; made where there is none. */
export async function ensureOwner(db: Db): Promise<Member> {
  const [owner] = await db
    .select()
    .from(members)
    .where(eq(members.role, 'owner'))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1)
  return owner === undefined ? createMember(db, { name: 'Owner', role: 'owner' }) : toMember(owner)
}

/** A token that signs the member in once, within two days. */
export async function createSignInToken(db: Db, memberId: string): Promise<string> {
  const token = newSecret('temper_link')
  const expiresAt = new Date(Date.now() + linkLifetimeHours * 3600_000)
  await db.insert(signInLinks).values({ tokenHash: hashSecret(token), memberId, expiresAt })
  return token
}

/** Uses up a sign-in token and opens a session. Throws `unauthenticated` for a token unknown, used or too old. */
export async function redeemSignInToken(
  db: Db,
  token: string,
): Promise<{ member: Member; sessionToken: string; expiresAt: Date }> {
  return db.transaction(async (tx) => {
    const now = new Date()
    // One UPDATE decides who was first.
    const [link] = await tx
      .update(signInLinks)
      .set({ usedAt: now })
      .where(
        and(eq(signInLinks.tokenHash, hashSecret(token)), isNull(signInLinks.usedAt), gt(signInLinks.expiresAt, now)),
      )
      .returning()
    const [row] = link === undefined ? [] : await tx.select().from(members).where(eq(members.id, link.memberId))
    if (row === undefined) {
      throw new TemperError('unauthenticated', 'this sign-in link was used already, or is too old: ask for another')
    }
    const sessionToken = newSecret('temper_session')
    const expiresAt = new Date(now.getTime() + sessionLifetimeDays * 24 * 3600_000)
    await tx.insert(sessions).values({ tokenHash: hashSecret(sessionToken), memberId: row.id, expiresAt })
    return { member: toMember(row), sessionToken, expiresAt }
  })
}

/** Who the session belongs to; undefined once it is over. */
export async function findSession(db: Db, sessionToken: string): Promise<Member | undefined> {
  const [row] = await db
    .select({ member: members })
    .from(sessions)
    .innerJoin(members, eq(members.id, sessions.memberId))
    .where(and(eq(sessions.tokenHash, hashSecret(sessionToken)), gt(sessions.expiresAt, new Date())))
  return row === undefined ? undefined : toMember(row.member)
}

export async function endSession(db: Db, sessionToken: string): Promise<void> {
  await db.delete(sessions).where(eq(sessions.tokenHash, hashSecret(sessionToken)))
}

function toMember(row: typeof members.$inferSelect): Member {
  return { ...row, createdAt: row.createdAt.toISOString() }
}
