import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { idempotencyKeys } from '../schema/index.ts'
import { claimIdempotencyKey, releaseIdempotencyKey, saveIdempotentAnswer } from './idempotency.ts'
import { createKey, deleteKey, findKey, listKeys } from './keys.ts'
import { createMember, createSignInToken, endSession, ensureOwner, findSession, redeemSignInToken } from './members.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

describe('signing in', () => {
  it('uses up a link, opens a session, and ends it', async () => {
    const { db } = database
    const member = await createMember(db, { name: 'Ada', role: 'labeler' })
    const token = await createSignInToken(db, member.id)
    const { sessionToken } = await redeemSignInToken(db, token)
    expect(await findSession(db, sessionToken)).toEqual(member)
    await expect(redeemSignInToken(db, token)).rejects.toMatchObject({ code: 'unauthenticated' })
    await endSession(db, sessionToken)
    expect(await findSession(db, sessionToken)).toBeUndefined()
  })

  it('lets one of two simultaneous uses of a link in', async () => {
    const { db } = database
    const token = await createSignInToken(db, (await ensureOwner(db)).id)
    const tries = await Promise.allSettled([redeemSignInToken(db, token), redeemSignInToken(db, token)])
    expect(tries.map((attempt) => attempt.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('finds the owner again instead of making a second', async () => {
    expect((await ensureOwner(database.db)).id).toBe((await ensureOwner(database.db)).id)
  })
})

describe('keys', () => {
  it('are found by their secret only, and not after they are deleted', async () => {
    const { db } = database
    const owner = await ensureOwner(db)
    const { key, secret } = await createKey(db, { memberId: owner.id, name: 'ci', scopes: ['read'] })
    expect(await findKey(db, secret)).toMatchObject({ key: { id: key.id, scopes: ['read'] }, member: { id: owner.id } })
    expect(await findKey(db, `${secret}x`)).toBeUndefined()
    expect(JSON.stringify(await listKeys(db, owner.id))).not.toContain(secret)
    expect((await listKeys(db, owner.id))[0]?.lastUsedAt).not.toBeNull()
    await deleteKey(db, owner.id, key.id)
    expect(await findKey(db, secret)).toBeUndefined()
  })
})

describe('idempotency keys', () => {
  const request = { principal: 'mem_a', key: 'k1', requestHash: 'h1' }

  it('give the first answer to a repeat, and refuse another request', async () => {
    const { db } = database
    expect(await claimIdempotencyKey(db, request)).toBeUndefined()
    await expect(claimIdempotencyKey(db, request)).rejects.toMatchObject({ code: 'conflict' })
    await saveIdempotentAnswer(db, request, { status: 201, body: { id: 'run_a' } })
    expect(await claimIdempotencyKey(db, request)).toEqual({ status: 201, body: { id: 'run_a' } })
    await expect(claimIdempotencyKey(db, { ...request, requestHash: 'h2' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await claimIdempotencyKey(db, { ...request, principal: 'mem_b' })).toBeUndefined()
  })

  it('are free again after a failure, and after the process that took them is gone', async () => {
    const { db } = database
    const other = { ...request, key: 'k2' }
    expect(await claimIdempotencyKey(db, other)).toBeUndefined()
    await releaseIdempotencyKey(db, other)
    expect(await claimIdempotencyKey(db, other)).toBeUndefined()
    await db.update(idempotencyKeys).set({ createdAt: new Date(Date.now() - 61_000) })
    expect(await claimIdempotencyKey(db, other)).toBeUndefined()
  })
})
