import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type DatasetKind, TemperError } from '@temper/db/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { parseDataset, readDataset } from './read-dataset.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })

function read(rows: readonly unknown[], kind?: DatasetKind) {
  const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')
  return parseDataset(Buffer.from(text), { file: 'rows.jsonl', kind })
}

function failure(run: () => unknown): TemperError {
  try {
    run()
  } catch (error) {
    if (error instanceof TemperError && error.code === 'invalid_dataset') return error
    throw error
  }
  throw new Error('expected invalid_dataset')
}

test('reads each layout of rows into its canonical form', () => {
  expect(read([{ text: 'a' }, '', { text: 'b' }])).toMatchObject({ kind: 'text', rows: [{ text: 'a' }, { text: 'b' }] })
  expect(read([{ messages: [user('q'), assistant('a')] }])).toMatchObject({ kind: 'conversations' })
  expect(read([{ messages: [user('q')] }])).toMatchObject({ kind: 'prompts' })
  expect(read([{ prompt: 'q' }])).toMatchObject({ kind: 'prompts', rows: [{ messages: [user('q')] }] })
  expect(read([{ prompt: 'q', completion: 'a' }])).toMatchObject({
    kind: 'conversations',
    rows: [{ messages: [user('q'), assistant('a')] }],
  })
  expect(read([{ prompt: [user('q')], chosen: 'a', rejected: [assistant('b')], strength: 2 }])).toMatchObject({
    kind: 'preferences',
    rows: [{ prompt: [user('q')], chosen: 'a', rejected: 'b', tie: false, strength: 2 }],
  })
})

test('writes canonical rows one a line', () => {
  const { jsonl, rows } = read([{ prompt: 'q\n' }, { prompt: 'r' }])
  expect(
    jsonl
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  ).toEqual(rows)
  expect(parseDataset(Buffer.from(jsonl), { file: 'again.jsonl' }).jsonl).toBe(jsonl)
})

test('splits a pair of dialogues into the prompt they share and their last answers', () => {
  const start = '\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Say: Human: no\n\nAssistant:'
  expect(read([{ chosen: `${start} No.`, rejected: start }]).rows).toEqual([
    {
      prompt: [user('Hi'), assistant('Yes?'), user('Say: Human: no')],
      chosen: 'No.',
      rejected: '',
      tie: false,
      strength: 1,
    },
  ])
})

test('joins turns of one speaker in a row', () => {
  const rows = read([
    { chosen: '\n\nHuman: Hi\n\nAssistant: A\n\nAssistant: B', rejected: '\n\nHuman: Hi\n\nAssistant: C' },
  ]).rows
  expect(rows).toMatchObject([{ prompt: [user('Hi')], chosen: 'A\n\nB', rejected: 'C' }])
})

test('takes equal answers for a tie', () => {
  expect(read([{ prompt: 'q', chosen: 'a', rejected: 'a' }]).rows).toMatchObject([{ tie: true }])
})

test('a plain text is one row, gzipped or not', () => {
  const bytes = Buffer.from('To be,\r\nor not\n\n{to be}')
  for (const input of [bytes, gzipSync(bytes)]) {
    expect(parseDataset(input, { file: 'play.txt' }).rows).toEqual([{ text: bytes.toString() }])
  }
})

test('names a file as its people do', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'temper-dataset-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const path = join(dir, 'upload-1')
  await writeFile(path, '{"text": 1}')
  await expect(readDataset(path, { fileName: 'mine.jsonl' })).rejects.toThrow('mine.jsonl: line 1: text: Invalid input')
  await expect(readDataset(path)).rejects.toThrow('upload-1: line 1')
})

test.each([
  [{ text: '' }, 'text: Too small'],
  [{ text: 'a', label: 1 }, 'Unrecognized key: "label"'],
  ['{"text": "a"', 'is not JSON'],
  ['["a"]', 'is not a JSON object'],
  [{ prompt: 'q' }, 'text: Invalid input'],
])('refuses the row %j with its line and rule', (row, rule) => {
  const error = failure(() => read([{ text: 'good' }, row]))
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
])('refuses %j', (row, rule) => {
  expect(failure(() => read([row])).message).toContain(rule)
})

test('counts every failure and lists the first 20', () => {
  const error = failure(() => read([{ text: 'a' }, ...Array.from({ length: 30 }, () => ({ text: 1 }))]))
  expect(error.message).toContain('(and 29 more of 31 rows)')
  expect(error.details).toMatchObject({ failed: 30 })
  expect(error.details.failures).toHaveLength(20)
})

test('refuses a file of another kind, of no text, or of nothing', () => {
  expect(failure(() => read([{ text: 'a' }], 'prompts')).message).toBe('rows.jsonl: holds text, expected prompts')
  expect(failure(() => read([{ messages: [user('q'), assistant('a')] }], 'prompts')).message).toContain('expected user')
  expect(failure(() => parseDataset(Buffer.of(0xff, 0xfe), { file: 'a.txt' })).message).toBe('a.txt: is not UTF-8 text')
  expect(failure(() => parseDataset(Buffer.from(' \n'), { file: 'a.txt' })).message).toBe('a.txt: is empty')
})
