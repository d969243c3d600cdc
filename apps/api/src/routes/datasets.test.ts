import { gzipSync } from 'node:zlib'
import { datasetSchema, pageSchema } from '@temper/db/contracts'
import { listDatasets } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../test-api.ts'

let api: TestApi
let key: string
beforeAll(async () => {
  api = await startTestApi()
  key = (await api.join('member')).secret
})
afterAll(() => api.stop())

const encode = (text: string) => new TextEncoder().encode(text)
const upload = (query: string, body: unknown) => api.request(`/v1/datasets?${query}`, { method: 'POST', key, body })
const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
const pairs = lines(
  { prompt: 'Say hello.', chosen: 'Hello!', rejected: 'No.' },
  { prompt: 'Say bye.', chosen: 'Bye!', rejected: 'Hm.' },
  { prompt: 'Say yes.', chosen: 'Yes!', rejected: 'Maybe.' },
)

describe('adding a dataset', () => {
  it('registers rows by their kind, and the same file as the same dataset', async () => {
    const response = await upload('name=pairs&file=pairs.jsonl', encode(pairs))
    expect(response.status).toBe(201)
    const dataset = datasetSchema.parse(await response.json())
    expect(dataset).toMatchObject({ name: 'pairs', version: 1, kind: 'preferences', rows: 3, source: 'upload' })
    const zipped = await upload('name=pairs&file=pairs.jsonl.gz', gzipSync(pairs))
    expect(datasetSchema.parse(await zipped.json())).toEqual(dataset)
    expect(datasetSchema.parse(await (await api.request('/v1/datasets/pairs', { key })).json())).toEqual(dataset)
  })

  it('takes a form with a file, and plain text', async () => {
    const form = new FormData()
    form.set('file', new File(['Once upon a time.\nThe end.\n'], 'story.txt'))
    const dataset = datasetSchema.parse(await (await upload('name=story&kind=text', form)).json())
    expect(dataset).toMatchObject({ kind: 'text', rows: 1 })
  })

  it('refuses a file with a row that does not parse, with its line, and stores nothing', async () => {
    const broken = `${pairs}{"prompt": "Say no."\n${lines({ prompt: 'x', chosen: 5, rejected: 'y' })}`
    const response = await upload('name=broken&file=broken.jsonl', encode(broken))
    expect(response.status).toBe(422)
    const error = (await response.json()) as { code: string; message: string; details: object }
    expect(error.code).toBe('invalid_dataset')
    expect(error.message).toContain('broken.jsonl: line 4')
    const { items } = await listDatasets(api.db, { limit: 50 })
    expect(items.map((dataset) => dataset.name)).not.toContain('broken')
  })

  it('refuses another kind than was said, names with spaces, and files that are too long', async () => {
    expect((await upload('name=wrong&kind=prompts&file=pairs.jsonl', encode(pairs))).status).toBe(422)
    expect((await upload('name=My+data', encode(pairs))).status).toBe(400)
    expect((await upload('name=long', encode('x'.repeat(5_000_000)))).status).toBe(413)
    expect((await upload('name=empty', undefined)).status).toBe(422)
  })
})

describe('rows', () => {
  it('are read page by page', async () => {
    await upload('name=paged&file=pairs.jsonl', encode(pairs))
    const page = async (query: string) =>
      (await (await api.request(`/v1/datasets/paged/rows?${query}`, { key })).json()) as {
        items: { chosen: string }[]
        nextCursor: string | null
      }
    const first = await page('limit=2')
    expect(first.items.map((row) => row.chosen)).toEqual(['Hello!', 'Bye!'])
    const second = await page(`limit=2&cursor=${first.nextCursor}`)
    expect([second.items.map((row) => row.chosen), second.nextCursor]).toEqual([['Yes!'], null])
  })

  it('are cut where they are a whole book', async () => {
    await upload('name=book&file=book.txt', encode('word '.repeat(5000)))
    const rows = (await (await api.request('/v1/datasets/book/rows', { key })).json()) as { items: { text: string }[] }
    expect(rows.items[0]?.text).toHaveLength(4001)
  })
})

it('lists datasets by kind', async () => {
  await upload('name=listed&file=pairs.jsonl', encode(pairs))
  const list = async (kind: string) =>
    pageSchema(datasetSchema).parse(await (await api.request(`/v1/datasets?kind=${kind}`, { key })).json()).items
  expect((await list('preferences')).map((dataset) => dataset.name)).toContain('listed')
  expect((await list('conversations')).map((dataset) => dataset.name)).not.toContain('listed')
})
