import { TimeoutFailure, TimeoutType } from '@temporalio/common'
import { expect, it } from 'vitest'
import { describeFailure } from './failure.ts'

it('says of an attempt that went silent what may have ended it, and what to do', () => {
  const failure = new TimeoutFailure('activity timeout', undefined, TimeoutType.HEARTBEAT)
  expect(describeFailure(failure)).toEqual({
    code: 'unavailable',
    message:
      'The last attempt at this ended without a word: it was killed, or took longer than it may. ' +
      "Look at the end of the pipeline's log and at the machine's memory, then start the run or the import again",
    details: { timeout: 'HEARTBEAT' },
  })
})
