import type { JudgedPair } from '@temper/db/queries'
import { expect, it } from 'vitest'
import { preferenceRow } from './preference-row.ts'

const prompt = [{ role: 'user' as const, content: 'q' }]
const pair: JudgedPair = {
  ...{ comparisonId: 'cmp_1', position: 0, prompt, completionA: 'first', completionB: 'second', heldOut: false },
  ...{ endedA: true, endedB: false },
  ...{ outcome: 'b', bothBad: false, strength: 3, votes: 2 },
}

it('puts the answer with more votes first, with their strength', () => {
  const row = { prompt, chosen: 'second', rejected: 'first', tie: false, bothBad: false, strength: 3 }
  expect(preferenceRow(pair)).toEqual({ ...row, chosenEnded: false, rejectedEnded: true })
})

it('says of a tie whether both answers were called bad', () => {
  const tie = { ...pair, outcome: 'tie' as const, strength: 1 }
  const row = {
    prompt,
    chosen: 'first',
    rejected: 'second',
    tie: true,
    strength: 1,
    chosenEnded: true,
    rejectedEnded: false,
  }
  expect(preferenceRow(tie)).toEqual({ ...row, bothBad: false })
  expect(preferenceRow({ ...tie, bothBad: true })).toEqual({ ...row, bothBad: true })
})
