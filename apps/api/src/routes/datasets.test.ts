import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import { datasetSchema, errorBodySchema, pageSchema } from '@temper/db/contracts'
import { listDatasets } from '@temper/db/queries'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
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
const form = (name: string, content: Uint8Array) => {
  const fields = new FormData()
  fields.set('other', new File(['not this one'], 'other.txt'))
  fields.set('file', new File([content], name))
  return fields
}
/** A body of which nobody knows the length, and that may break off. */
const stream = (text: string, error?: Error) =>
  Readable.toWeb(
    Readable.from(
      (async function* () {
        yield encode(text)
        if (error) throw error
      })(),
    ),
  )
function* endless(text: string) {
  for (const bytes = encode(text); ; ) yield bytes
}
const limits = { sentBytes: 4 * 1024 * 1024, unpackedBytes: 16 * 1024 * 1024 }
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
    const story = form('story.txt', encode('Once upon a time.\nThe end.\n'))
    const dataset = datasetSchema.parse(await (await upload('name=story&kind=text', story)).json())
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

  it('refuses another kind than was said, names with spaces, and files of nothing', async () => {
    expect((await upload('name=wrong&kind=prompts&file=pairs.jsonl', encode(pairs))).status).toBe(422)
    expect((await upload('name=My+data', encode(pairs))).status).toBe(400)
    expect((await upload('name=empty', undefined)).status).toBe(422)
  })

  it('refuses files that are too long as sent, said to be so or not', async () => {
    const long = encode('x'.repeat(5_000_000))
    const headers = { 'Content-Length': String(long.length) }
    const said = await api.request('/v1/datasets?name=long', { method: 'POST', key, body: stream(pairs), headers })
    for (const response of [said, await upload('name=long', long), await upload('name=long', form('long.txt', long))]) {
      const { code, details } = errorBodySchema.parse(await response.json())
      expect([response.status, code, details]).toEqual([
        413,
        'too_large',
        { file: 'long', exceeded: 'sentBytes', ...limits },
      ])
    }
  })

  it('stops unpacking where more comes out than may, and says what may', async () => {
    const bomb = Readable.from(endless(lines({ text: 'boom'.repeat(1000) }))).pipe(createGzip())
    const response = await upload('name=bomb&file=bomb.jsonl.gz', Readable.toWeb(bomb))
    const { message, details } = errorBodySchema.parse(await response.json())
    expect([response.status, details]).toEqual([413, { file: 'bomb.jsonl.gz', exceeded: 'unpackedBytes', ...limits }])
    expect(message).toBe(
      'bomb.jsonl.gz: unpacks to more than 16777216 bytes; an upload has at most 4194304 bytes as sent and 16777216 unpacked',
    )
  })

  it('refuses gzip that is not whole', async () => {
    const response = await upload('name=cut&file=cut.jsonl.gz', gzipSync(pairs).subarray(0, 60))
    expect(errorBodySchema.parse(await response.json())).toMatchObject({
      code: 'invalid_dataset',
      message: 'cut.jsonl.gz: is not whole as gzip: unexpected end of file',
    })
  })

  it('refuses forms that break off or have no file', async () => {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' }
    const part = (field: string) => `--b\r\nContent-Disposition: form-data; name="${field}"; filename="f.jsonl"\r\n\r\n`
    const send = async (text: string) => {
      const body = encode(text)
      const response = await api.request('/v1/datasets?name=form', { method: 'POST', key, headers, body })
      return errorBodySchema.parse(await response.json())
    }
    expect(await send(`${part('file')}${pairs}`)).toMatchObject({ code: 'invalid_input' })
    expect(await send('')).toMatchObject({ code: 'invalid_input' })
    const { code, message } = await send(`${part('other')}${pairs}\r\n--b--\r\n`)
    expect([code, message]).toEqual(['invalid_input', "the form has no file in its field 'file'"])
  })

  it('leaves no temporary file, whether it was taken, refused or broken off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'temper-uploads-'))
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => {
      vi.unstubAllEnvs()
      return rm(folder, { recursive: true })
    })
    expect((await upload('name=whole&file=pairs.jsonl', encode(pairs))).status).toBe(201)
    expect((await upload('name=wrong&file=pairs.jsonl', encode(`${pairs}{}`))).status).toBe(422)
    expect((await upload('name=off&file=pairs.jsonl', stream(pairs, new Error('the line is cut')))).status).toBe(500)
    expect((await upload('name=long', stream('x'.repeat(5_000_000)))).status).toBe(413)
    expect(await readdir(folder)).toEqual([])
    expect((await openFiles()).filter((path) => path.startsWith(folder))).toEqual([])
  })
})

/** Files without a name too, which Linux alone tells of. */
async function openFiles(): Promise<string[]> {
  const numbers = existsSync('/proc/self/fd') ? await readdir('/proc/self/fd') : []
  return Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => 'closed since')))
}

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

  it('are refused from within one', async () => {
    await upload('name=middle&file=pairs.jsonl', encode(pairs))
    const refused = await api.request('/v1/datasets/middle/rows?cursor=3', { key })
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'invalid_input' }])
  })

  it('keep the separators of lines and paragraphs that they have', async () => {
    const row = { prompt: 'Say\u2028hello.', chosen: 'Hello!\u2029', rejected: 'No.' }
    await upload('name=separated&file=pairs.jsonl', encode(lines(row, row)))
    const rows = await (await api.request('/v1/datasets/separated/rows?limit=1', { key })).json()
    expect(rows).toMatchObject({ items: [{ chosen: 'Hello!\u2029' }], nextCursor: expect.any(String) })
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
