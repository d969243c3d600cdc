import { describe, expect, it } from 'vitest'
import { fromChat, fromText } from './completion-request.ts'
import { chatRequestSchema, textRequestSchema } from './request-schemas.ts'

const user = { role: 'user', content: 'Hello' }
const chat = { model: 'm', messages: [user], seed: 1 }
/** What the engine is asked, but for the id. */
const asked = (body: object) => ({ ...fromChat(chatRequestSchema.parse({ ...chat, ...body })), id: '' })

describe('a request', () => {
  it.each([
    { tools: null },
    { tools: [], tool_choice: 'auto', parallel_tool_calls: true },
    { tool_choice: 'none' },
    { functions: [], function_call: 'none' },
    { store: false, metadata: null },
    { store: null, metadata: {} },
    { modalities: ['text'], audio: null, prediction: null, reasoning_effort: null },
    { response_format: { type: 'text' } },
    { presence_penalty: 0, logit_bias: {} },
    { user: 'u', safety_identifier: 'u', prompt_cache_key: 'k', service_tier: 'auto' },
    { temperature: null, stop: null, n: null },
  ])('is taken with %o, which changes nothing', (body) => {
    expect(asked(body)).toEqual(asked({}))
  })

  it.each([
    ['tools', [{ type: 'function', function: { name: 'f' } }]],
    ['tool_choice', 'required'],
    ['store', true],
    ['metadata', { key: 'value' }],
    ['modalities', ['text', 'audio']],
    ['response_format', { type: 'json_object' }],
    ['presence_penalty', 0.5],
    ['logit_bias', { 50256: -100 }],
    ['suffix', 'The end.'],
    ['constructor', 'x'],
  ])('is refused with another %s: %o', (key, value) => {
    const { error } = chatRequestSchema.safeParse({ ...chat, [key]: value })
    expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: [key], path: [] }])
  })

  it('goes on with a text without a suffix', () => {
    const body = { model: 'm', prompt: 'Once', seed: 1 }
    const plain = { ...fromText(textRequestSchema.parse(body)), id: '' }
    const noOps = { suffix: null, echo: false, logit_bias: null }
    expect({ ...fromText(textRequestSchema.parse({ ...body, ...noOps })), id: '' }).toEqual(plain)
    expect(textRequestSchema.safeParse({ ...body, echo: true }).success).toBe(false)
  })

  it.each([
    [-1, 2 ** 53 - 1],
    [-(2 ** 53), 0],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [-(2 ** 63), 0],
    [7, 7],
  ])('has the seed %d, which is %d for the engine', (seed, expected) => {
    expect(asked({ seed }).seed).toBe(expected)
  })

  it('has no seed between whole numbers', () => {
    expect(chatRequestSchema.safeParse({ ...chat, seed: 0.5 }).success).toBe(false)
  })
})

describe('a message', () => {
  it.each([
    { role: 'user', content: 'Hello', name: 'ada' },
    { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
  ])('is taken as it is sent: %o', (message) => {
    expect(asked({ messages: [message] })).toEqual(asked({}))
  })

  it('is taken as it was answered', () => {
    const noOps = { refusal: null, annotations: [], audio: null, function_call: null, tool_calls: null, parsed: null }
    const answered = { role: 'assistant', content: 'Hi', ...noOps }
    expect(asked({ messages: [user, answered, user] }).prompt).toEqual({
      type: 'messages',
      messages: [user, { role: 'assistant', content: 'Hi' }, user],
    })
    expect(asked({ messages: [user, { ...answered, tool_calls: [] }, user] }).prompt).toEqual(
      asked({ messages: [user, answered, user] }).prompt,
    )
  })

  it('is refused with calls of tools', () => {
    const { error } = chatRequestSchema.safeParse({ ...chat, messages: [{ ...user, tool_calls: [{ id: 'c' }] }] })
    expect(error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['tool_calls'], path: ['messages', 0] }])
  })
})
