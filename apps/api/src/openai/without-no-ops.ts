import { isDeepStrictEqual } from 'node:util'

/** A key with a value that asks for what happens anyway. */
type NoOp = readonly [key: string, value: unknown]

/** Of requests, as clients send them. */
export const requestNoOps: readonly NoOp[] = [
  ['tools', []],
  ['tool_choice', 'none'],
  ['tool_choice', 'auto'],
  ['parallel_tool_calls', true],
  ['parallel_tool_calls', false],
  ['functions', []],
  ['function_call', 'none'],
  ['function_call', 'auto'],
  ['store', false],
  ['metadata', {}],
  ['modalities', ['text']],
  ['response_format', { type: 'text' }],
  ['service_tier', 'auto'],
  ['service_tier', 'default'],
  ['presence_penalty', 0],
  ['logit_bias', {}],
  ['echo', false],
  ['suffix', ''],
]

/** Of messages: answers are sent back with all their keys. */
export const messageNoOps: readonly NoOp[] = [
  ['tool_calls', []],
  ['annotations', []],
]

/** An object without its keys that change nothing; null at any key stands for one that is left out. */
export function withoutNoOps(noOps: readonly NoOp[]) {
  return (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const matters = ([key, given]: [string, unknown]) =>
      given !== null && !noOps.some(([name, noOp]) => name === key && isDeepStrictEqual(given, noOp))
    return Object.fromEntries(Object.entries(value).filter(matters))
  }
}
