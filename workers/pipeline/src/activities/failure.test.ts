import { TemperError } from '@temper/db/contracts'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { describe, expect, it } from 'vitest'
import { toActivityFailure } from './failure.ts'

const first = { earlier: {}, cancelRequested: false, leaving: false }

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
    const after = (earlier: Record<string, number>) => toActivityFailure(lost, { ...first, earlier })
    expect(after({ engine_failed: 3, unavailable: 100 })).toMatchObject({ nonRetryable: false })
    expect(after({ engine_failed: 4 })).toMatchObject({ nonRetryable: true })
    expect(after({ lost: 10 })).toMatchObject({ nonRetryable: true })
  })

  it('knows a lost database connection under any wrapping', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const failure = toActivityFailure(new Error('Failed query', { cause: refused }), {
      ...first,
      earlier: { unavailable: 1000 },
    })
    expect(failure).toMatchObject({ type: 'unavailable', nonRetryable: false })
  })

  it('leaves what was named already as it is: not every lost connection is one to the database', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const failure = toActivityFailure(
      new TemperError('unavailable', 'the Hub does not answer', { cause: refused }),
      first,
    )
    expect(failure).toMatchObject({ type: 'unavailable', message: 'the Hub does not answer', nonRetryable: false })
  })

  it('calls a stop that nobody asked for a bug, which is not tried without end', () => {
    const stopped = new TemperError('cancelled', 'TensorFlow: the session was closed')
    const message = 'TensorFlow: the session was closed, which nobody asked for'
    expect(toActivityFailure(stopped, first)).toMatchObject({ type: 'internal', message, nonRetryable: false })
    const third = { ...first, earlier: { internal: 2 } }
    expect(toActivityFailure(stopped, third)).toMatchObject({ type: 'internal', nonRetryable: true })
  })

  it('cancels only what its workflow cancels', () => {
    const stopped = new TemperError('cancelled', 'the sample job was stopped')
    expect(toActivityFailure(stopped, { ...first, cancelRequested: true })).toBeInstanceOf(CancelledFailure)
    const leaving = { ...first, leaving: true }
    expect(toActivityFailure(stopped, leaving)).toMatchObject({ type: 'unavailable', nonRetryable: false })
    expect(toActivityFailure(new CancelledFailure('WORKER_SHUTDOWN'), leaving)).toBeInstanceOf(ApplicationFailure)
  })
})
