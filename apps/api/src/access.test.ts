import { z } from '@hono/zod-openapi'
import { invitationSchema, keyCreatedSchema, meSchema, newId, roles } from '@temper/db/contracts'
import { createMember, createSignInToken } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from './test-api.ts'

let api: TestApi
const keys: Record<string, string> = {}
beforeAll(async () => {
  api = await startTestApi()
  for (const role of roles) keys[role] = (await api.join(role)).secret
  keys['read only'] = (await api.join('owner', ['read'])).secret
  keys.unknown = 'temper_key_unknown'
})
afterAll(() => api.stop())

const ids = { run: newId('run'), ckpt: newId('checkpoint'), cmp: newId('comparison'), vote: newId('vote') }
const everyone = ['owner', 'member', 'labeler', 'read only']
const readers = ['owner', 'member', 'read only']
const writers = ['owner', 'member']
const labelers = ['owner', 'member', 'labeler']

const openApiSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

/** Every route that needs someone to be signed in, and who may use it. */
const routes: [string, string, string[]][] = [
  ['GET', '/v1/me', everyone],
  ['POST', '/v1/sign-out', everyone],
  ['GET', '/v1/members', ['owner']],
  ['POST', '/v1/members', ['owner']],
  ['GET', '/v1/keys', writers],
  ['POST', '/v1/keys', writers],
  ['DELETE', `/v1/keys/${newId('key')}`, writers],
  ['GET', '/v1/datasets', readers],
  ['POST', '/v1/datasets', writers],
  ['GET', '/v1/datasets/nothing', readers],
  ['GET', '/v1/datasets/nothing/rows', readers],
  ['GET', '/v1/recipes', readers],
  ['POST', '/v1/recipes/validate', readers],
  ['GET', '/v1/runs', readers],
  ['POST', '/v1/runs', writers],
  ['GET', `/v1/runs/${ids.run}`, readers],
  ['POST', `/v1/runs/${ids.run}/pause`, writers],
  ['POST', `/v1/runs/${ids.run}/resume`, writers],
  ['POST', `/v1/runs/${ids.run}/cancel`, writers],
  ['POST', `/v1/runs/${ids.run}/stages/votes/skip-waiting`, writers],
  ['GET', `/v1/runs/${ids.run}/events`, readers],
  ['GET', `/v1/runs/${ids.run}/history`, readers],
  ['GET', `/v1/runs/${ids.run}/metrics`, readers],
  ['GET', `/v1/runs/${ids.run}/evaluations`, readers],
  ['GET', `/v1/runs/${ids.run}/evaluations/${newId('evaluation')}/answers`, readers],
  ['GET', `/v1/runs/${ids.run}/samples`, readers],
  ['GET', '/v1/comparisons/next', labelers],
  ['GET', '/v1/comparisons/progress', labelers],
  ['POST', `/v1/comparisons/${ids.cmp}/vote`, labelers],
  ['POST', `/v1/votes/${ids.vote}/undo`, labelers],
  ['DELETE', `/v1/votes/${ids.vote}`, labelers],
  ['GET', '/v1/checkpoints', readers],
  ['GET', `/v1/checkpoints/${ids.ckpt}`, readers],
  ['GET', `/v1/checkpoints/${ids.ckpt}/lineage`, readers],
  ['GET', `/v1/checkpoints/${ids.ckpt}/archive.tar`, readers],
  ['GET', `/v1/checkpoints/${ids.ckpt}/files/resume/state.json`, readers],
  ['GET', '/v1/imports', readers],
  ['POST', '/v1/imports', writers],
  ['GET', `/v1/imports/${newId('import')}`, readers],
  ['GET', `/v1/imports/${newId('import')}/events`, readers],
  ['PUT', `/v1/imports/${newId('import')}/files/config.json`, writers],
  ['POST', `/v1/imports/${newId('import')}/start`, writers],
  ['DELETE', `/v1/imports/${newId('import')}`, writers],
  ['POST', '/v1/chat/completions', writers],
  ['POST', '/v1/completions', writers],
  ['GET', '/v1/models', readers],
  ['GET', '/v1/models/nothing', readers],
  ['GET', '/v1/workers', readers],
]

const isOpenai = (path: string) => /^\/v1\/(chat\/|completions|models)/.test(path)

describe.each(routes)('%s %s', (method, path, allowed) => {
  it('asks strangers to sign in', async () => {
    for (const key of [undefined, keys.unknown]) {
      const response = await api.request(path, { method, key })
      expect(response.status).toBe(401)
      const ours = { code: 'unauthenticated', requestId: expect.any(String) }
      const openais = { error: { type: 'authentication_error', code: 'unauthenticated' } }
      expect(await response.json()).toMatchObject(isOpenai(path) ? openais : ours)
    }
  })

  it(`lets in ${allowed.join(', ')} and nobody else`, async () => {
    for (const who of everyone) {
      const { status } = await api.request(path, { method, key: keys[who] })
      expect([who, status === 403]).toEqual([who, !allowed.includes(who)])
      expect([who, status]).not.toEqual([who, 401])
      expect(status).toBeLessThan(500)
    }
  })
})

it('lists every route of the API in this table', async () => {
  const { paths } = openApiSchema.parse(await (await api.request('/openapi.json')).json())
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const open = ['GET /healthz', 'POST /v1/sign-in']
  const pattern = (text: string) =>
    text
      .replace(/\/(run|ckpt|cmp|vote|imp|key)_[a-z2-7]+/, '/{id}')
      .replace(/\/eval_[a-z2-7]+/, '/{evaluation}')
      .replace('/datasets/nothing', '/datasets/{id}')
      .replace('/models/nothing', '/models/{model}')
      .replace('/stages/votes/', '/stages/{stage}/')
      .replace('/files/resume/state.json', '/files/{path}')
      .replace('/files/config.json', '/files/{name}')
  expect(new Set([...routes.map(([method, path]) => `${method} ${pattern(path)}`), ...open])).toEqual(
    new Set(documented),
  )
})

describe('signing in', () => {
  it('sets a cookie that scripts cannot read, and that stops working after signing out', async () => {
    const member = await createMember(api.db, { name: 'Ada', role: 'labeler' })
    const token = await createSignInToken(api.db, member.id)
    const signIn = await api.request('/v1/sign-in', { method: 'POST', body: { token } })
    expect(signIn.status).toBe(200)
    expect(meSchema.parse(await signIn.json())).toEqual({
      id: member.id,
      name: 'Ada',
      role: 'labeler',
      scopes: ['label'],
    })
    const cookie = signIn.headers.get('Set-Cookie') ?? ''
    expect(cookie).toMatch(/^temper_session=\S+; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/)
    const headers = { Cookie: cookie.split(';')[0] ?? '' }
    expect((await api.request('/v1/me', { headers })).status).toBe(200)
    expect((await api.request('/v1/runs', { headers })).status).toBe(403)
    expect((await api.request('/v1/sign-in', { method: 'POST', body: { token } })).status).toBe(401)
    expect((await api.request('/v1/sign-out', { method: 'POST', headers })).status).toBe(204)
    expect((await api.request('/v1/me', { headers })).status).toBe(401)
  })

  it('works by the link of an invitation', async () => {
    const invite = { method: 'POST', key: keys.owner, body: { name: 'Bob', role: 'member' } }
    const { link } = invitationSchema.parse(await (await api.request('/v1/members', invite)).json())
    expect(link).toMatch(/^http:\/\/web\.test\/sign-in\?token=/)
    const token = new URL(link).searchParams.get('token')
    const me = await (await api.request('/v1/sign-in', { method: 'POST', body: { token } })).json()
    expect(me).toMatchObject({ name: 'Bob', role: 'member' })
  })
})

describe('keys', () => {
  it('show their secret once, work, and stop working when deleted', async () => {
    const create = { method: 'POST', key: keys.member, body: { name: 'ci', scopes: ['read'] } }
    const response = await api.request('/v1/keys', create)
    expect(response.status).toBe(201)
    const { id, secret } = keyCreatedSchema.parse(await response.json())
    expect((await api.request('/v1/runs', { key: secret })).status).toBe(200)
    expect((await api.request('/v1/keys', { key: secret })).status).toBe(403)
    expect(await (await api.request('/v1/keys', { key: keys.member })).text()).not.toContain(secret)
    expect((await api.request(`/v1/keys/${id}`, { method: 'DELETE', key: keys.owner })).status).toBe(404)
    expect((await api.request(`/v1/keys/${id}`, { method: 'DELETE', key: keys.member })).status).toBe(204)
    expect((await api.request('/v1/runs', { key: secret })).status).toBe(401)
  })

  it('can do no more than whoever makes them', async () => {
    const create = { method: 'POST', key: keys.member, body: { name: 'too much', scopes: ['read', 'admin'] } }
    expect((await api.request('/v1/keys', create)).status).toBe(403)
  })

  it('are never logged, nor are tokens', async () => {
    const log = api.logged.join('')
    expect(log).toContain('/v1/keys')
    expect(log).not.toContain(keys.owner)
    expect(log).not.toMatch(/temper_(key|link|session)_[A-Za-z0-9_-]{20}/)
  })
})

describe('what is open', () => {
  it('is health, the document and its page, all from here', async () => {
    expect(await (await api.request('/healthz')).json()).toEqual({ status: 'ok' })
    const page = await (await api.request('/docs')).text()
    expect(page).not.toMatch(/https?:\/\//)
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await api.request(path ?? '')).status).toBe(200)
    }
  })

  it('refuses what is not there in our error shape and that of OpenAI, with the id of the request', async () => {
    const response = await api.request('/v1/nothing', { headers: { 'X-Request-Id': 'mine-1' } })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      code: 'not_found',
      message: 'there is no GET /v1/nothing',
      requestId: 'mine-1',
      details: {},
      error: {
        message: 'there is no GET /v1/nothing',
        type: 'invalid_request_error',
        param: null,
        code: 'not_found',
      },
    })
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  })

  it('refuses bodies that are too long or no JSON', async () => {
    const long = { method: 'POST', key: keys.owner, body: { recipe: 'x'.repeat(1_100_000) } }
    expect(await (await api.request('/v1/recipes/validate', long)).json()).toMatchObject({ code: 'too_large' })
    const chat = await api.request('/v1/chat/completions', long)
    expect([chat.status, await chat.json()]).toMatchObject([413, { code: 'too_large', error: { code: 'too_large' } }])
    const headers = { 'Content-Type': 'application/json' }
    const broken = { method: 'POST', key: keys.owner, body: new TextEncoder().encode('{'), headers }
    expect(await (await api.request('/v1/recipes/validate', broken)).json()).toMatchObject({ code: 'invalid_input' })
  })
})
