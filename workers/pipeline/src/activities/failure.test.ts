import { TemperError } from '@temper/db/contracts'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { toActivityFailure } from './failure.ts'

const first = { attempt: 1, cancelRequested: false }

describe('toActivityFailure', () => {
  it('carries code and details', () => {
    const failure = toActivityFailure(new TemperError('non_finite', 'loss is NaN', { details: { step: 3 } }), first)
    expect(failure).toMatchObject({
      type: 'non_finite',
      message: 'loss is NaN',
      details: [{ step: 3 }],
      nonRetryable: true,
    })
  })

  it('retries what may go better, so many times', () => {
    const lost = new TemperError('engine_failed', 'the engine process was ended by SIGKILL')
    expect(toActivityFailure(lost, { ...first, attempt: 4 })).toMatchObject({ nonRetryable: false })
    expect(toActivityFailure(lost, { ...first, attempt: 5 })).toMatchObject({ nonRetryable: true })
  })

  it('knows a lost database connection under any wrapping', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const failure = toActivityFailure(new Error('Failed query', { cause: refused }), { ...first, attempt: 29 })
    expect(failure).toMatchObject({ type: 'unavailable', nonRetryable: false })
  })

  it('cancels only what its workflow cancels', () => {
    const stopped = new TemperError('cancelled', 'the sample job was stopped')
    expect(toActivityFailure(stopped, { ...first, cancelRequested: true })).toBeInstanceOf(CancelledFailure)
    expect(toActivityFailure(stopped, first)).toMatchObject({ type: 'unavailable', nonRetryable: false })
    expect(toActivityFailure(new CancelledFailure('WORKER_SHUTDOWN'), first)).toBeInstanceOf(ApplicationFailure)
  })
})
