import { expect, it } from 'vitest'
import { exitError } from './exit-error.ts'

const exit = { exitCode: null, signal: null, stderr: '', ranOutOfMemory: false }

it('tells a kill for memory from any other kill', () => {
  expect(exitError({ ...exit, signal: 'SIGKILL', ranOutOfMemory: true }).code).toBe('out_of_memory')
  expect(exitError({ ...exit, signal: 'SIGKILL' }).code).toBe('engine_failed')
})

it('quotes the error of a crash, not the lines that follow it', () => {
  const stderr = 'file.ts:8\n\nSyntaxError: no export named x\n    at load (node:internal)\n\nNode.js v20.20.2\n'
  expect(exitError({ ...exit, exitCode: 1, stderr }).message).toBe(
    'the engine process left with exit code 1: SyntaxError: no export named x',
  )
})
