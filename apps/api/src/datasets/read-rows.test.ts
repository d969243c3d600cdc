import { type DatasetKind, TemperError } from '@temper/db/contracts'
import { expect, test } from 'vitest'
import { type Reading, readRows } from './read-rows.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })

/** Reads bytes that come in pieces of `pieceBytes`, all in one unless given. */
async function readBytes(bytes: Uint8Array, reading: Reading, pieceBytes = bytes.length) {
  async function* pieces() {
    for (let start = 0; start < bytes.length; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes)
  }
  const reader = readRows(pieces(), reading)
  let jsonl = ''
  let next = await reader.next()
  for (; !next.done; next = await reader.next()) jsonl += next.value
  const rows: unknown[] = jsonl
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  expect(next.value.rows).toBe(rows.length)
  return { kind: next.value.kind, rows, jsonl }
}

function read(rows: readonly unknown[], kind?: DatasetKind) {
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')
  return readBytes(Buffer.from(text), { file: 'rows.jsonl', kind })
}

async function failure(reading: Promise<unknown>): Promise<TemperError> {
  const error: unknown = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof TemperError && error.code === 'invalid_dataset') return error
  throw error ?? new Error('expected invalid_dataset')
}

test('reads each layout of rows into its canonical form', async () => {
  expect(await read([{ text: 'a' }, '', { text: 'b' }])).toMatchObject({
    kind: 'text',
    rows: [{ text: 'a' }, { text: 'b' }],
  })
  expect(await read([{ messages: [user('q'), assistant('a')] }])).toMatchObject({ kind: 'conversations' })
  expect(await read([{ messages: [user('q')] }])).toMatchObject({ kind: 'prompts' })
  expect(await read([{ prompt: 'q' }])).toMatchObject({ kind: 'prompts', rows: [{ messages: [user('q')] }] })
  expect(await read([{ prompt: 'q', completion: 'a' }])).toMatchObject({
    kind: 'conversations',
    rows: [{ messages: [user('q'), assistant('a')] }],
  })
  expect(await read([{ prompt: [user('q')], chosen: 'a', rejected: [assistant('b')], strength: 2 }])).toMatchObject({
    kind: 'preferences',
    rows: [{ prompt: [user('q')], chosen: 'a', rejected: 'b', tie: false, strength: 2 }],
  })
})

test('reads canonical rows as the same again', async () => {
  const { jsonl } = await read([{ prompt: 'q\n' }, { prompt: 'r' }])
  expect((await readBytes(Buffer.from(jsonl), { file: 'again.jsonl' })).jsonl).toBe(jsonl)
})

test('splits a pair of dialogues into the prompt they share and their last answers', async () => {
  const start = '\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Say: Human: no\n\nAssistant:'
  expect((await read([{ chosen: `${start} No.`, rejected: start }])).rows).toEqual([
    {
      prompt: [user('Hi'), assistant('Yes?'), user('Say: Human: no')],
      chosen: 'No.',
      chosenEnded: true,
      rejected: '',
      rejectedEnded: true,
      tie: false,
      bothBad: false,
      strength: 1,
    },
  ])
})

test('joins turns of one speaker in a row', async () => {
  const { rows } = await read([
    { chosen: '\n\nHuman: Hi\n\nAssistant: A\n\nAssistant: B', rejected: '\n\nHuman: Hi\n\nAssistant: C' },
  ])
  expect(rows).toMatchObject([{ prompt: [user('Hi')], chosen: 'A\n\nB', rejected: 'C' }])
})

test('takes equal answers for a tie', async () => {
  expect((await read([{ prompt: 'q', chosen: 'a', rejected: 'a' }])).rows).toMatchObject([{ tie: true }])
})

test('takes two bad answers for a tie that says so', async () => {
  const { rows } = await read([{ prompt: 'q', chosen: 'a', rejected: 'b', bothBad: true }])
  expect(rows).toMatchObject([{ tie: true, bothBad: true }])
})

test.each([1, 2, 7, 1000])('reads pieces of %i bytes as it reads the whole', async (pieceBytes) => {
  const text = Buffer.from('\n To be,\r\nor "not"\t…\u2028 ñ 水 🦊\n\n{to be}')
  const row = { text: text.toString() }
  expect((await readBytes(text, { file: 'play.txt' }, pieceBytes)).jsonl).toBe(`${JSON.stringify(row)}\n`)
  const jsonl = Buffer.from(`\uFEFF\n{"text": "ñ 水 🦊"}\r\n \n{"text": "b"}`)
  expect(await readBytes(jsonl, { file: 'rows' }, pieceBytes)).toMatchObject({
    kind: 'text',
    rows: [{ text: 'ñ 水 🦊' }, { text: 'b' }],
  })
})

test.each([
  [{ text: '' }, 'text: Too small'],
  [{ text: 'a', label: 1 }, 'Unrecognized key: "label"'],
  ['{"text": "a"', 'is not JSON'],
  ['["a"]', 'is not a JSON object'],
  [{ prompt: 'q' }, 'text: Invalid input'],
])('refuses the row %j with its line and rule', async (row, rule) => {
  const error = await failure(read([{ text: 'good' }, row]))
  expect(error.message).toMatch(/^rows.jsonl: line 2: .*; nothing was imported$/s)
  expect(error.message).toContain(rule)
  expect(error.details).toMatchObject({ file: 'rows.jsonl', failed: 1, rows: 2, failures: [{ line: 2 }] })
})

test.each([
  [{ messages: [user('q'), user('r')] }, 'messages: message 2 is of the user, expected assistant'],
  [{ messages: [{ role: 'system', content: 's' }, assistant('a')] }, 'message 2 is of the assistant, expected user'],
  [{ messages: [user('q'), { role: 'tool', content: 'r' }] }, 'messages.1.role'],
  [{ messages: [] }, 'ends with no message'],
  [{ prompt: '', chosen: 'a', rejected: 'b' }, 'prompt: Too small'],
  [{ prompt: [user('q'), assistant('a')], chosen: 'a', rejected: 'b' }, 'prompt: ends with assistant, expected user'],
  [{ prompt: 'q', chosen: 'a', rejected: 'b', strength: 4 }, 'strength: Too big'],
  [{ chosen: 'Hi', rejected: '\n\nHuman: Hi\n\nAssistant: B' }, 'chosen: does not begin with'],
  [
    { chosen: '\n\nHuman: Hi', rejected: '\n\nHuman: Hi\n\nAssistant: B' },
    'chosen: ends with user, expected assistant',
  ],
  [
    { chosen: '\n\nHuman: Hi\n\nAssistant: A', rejected: '\n\nHuman: Ho\n\nAssistant: B' },
    'chosen and rejected answer different prompts: they part at message 1',
  ],
  [{ question: 'q' }, 'line 1 has the keys question; known are prompt + chosen + rejected, chosen + rejected'],
])('refuses %j', async (row, rule) => {
  expect((await failure(read([row]))).message).toContain(rule)
})

test('counts every failure and lists the first 20', async () => {
  const error = await failure(read([{ text: 'a' }, ...Array.from({ length: 30 }, () => ({ text: 1 }))]))
  expect(error.message).toContain('(and 29 more of 31 rows)')
  expect(error.details).toMatchObject({ failed: 30 })
  expect(error.details.failures).toHaveLength(20)
})

test('refuses a file of another kind, of no text, or of nothing', async () => {
  const messageOf = async (reading: Promise<unknown>) => (await failure(reading)).message
  expect(await messageOf(read([{ text: 'a' }], 'prompts'))).toBe('rows.jsonl: holds text, expected prompts')
  expect(await messageOf(read([{ messages: [user('q'), assistant('a')] }], 'prompts'))).toContain('expected user')
  const readText = (bytes: Uint8Array, kind?: DatasetKind) => messageOf(readBytes(bytes, { file: 'a.txt', kind }))
  expect(await readText(Buffer.from('a'), 'prompts')).toBe('a.txt: holds text, expected prompts')
  expect(await readText(Buffer.of(0xff, 0xfe))).toBe('a.txt: is not UTF-8 text')
  expect(await readText(Buffer.of(0x61, 0xc3))).toBe('a.txt: is not UTF-8 text')
  expect(await readText(Buffer.from(' \n'))).toBe('a.txt: is empty')
  expect(await messageOf(read(['', ' ']))).toBe('rows.jsonl: is empty')
})

test('gives up a line that does not end, and a text that no string could hold', async () => {
  let pieces = 0
  async function* endless(start: string) {
    yield Buffer.from(start)
    for (; ; pieces++) yield Buffer.alloc(1024 * 1024, 'a')
  }
  const readAll = async (reader: AsyncGenerator<string>) => {
    for await (const _ of reader);
  }
  const line = await failure(readAll(readRows(endless('{"text": "a"}\n{"text": "'), { file: 'rows.jsonl' })))
  expect(line.message).toBe('rows.jsonl: line 2 has more than 16777216 characters')
  expect(pieces).toBeLessThan(20)
  await expect(readAll(readRows(endless(''), { file: 'a.txt' }))).rejects.toMatchObject({ code: 'too_large' })
})
