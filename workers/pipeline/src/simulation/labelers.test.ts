import { expect, test } from 'vitest'
import { simulateVote } from './labelers.ts'

const options = { noise: 0, tieMargin: 0.25, seed: 1, labeler: 0, comparison: 0 }
const votes = (scores: { left: number; right: number }, noise: number) =>
  Array.from({ length: 3000 }, (_, comparison) => simulateVote(scores, { ...options, noise, comparison }).choice)
const share = (choices: string[], choice: string) => choices.filter((each) => each === choice).length / choices.length

test('votes for the higher score, more strongly the further it is ahead', () => {
  expect(simulateVote({ left: 5, right: 4 }, options)).toEqual({ choice: 'left', strength: 1 })
  expect(simulateVote({ left: 5, right: 7 }, options)).toEqual({ choice: 'right', strength: 2 })
  expect(simulateVote({ left: 9, right: 2 }, options)).toEqual({ choice: 'left', strength: 3 })
})

test('calls near scores a tie, and a tie of bad answers bad', () => {
  expect(simulateVote({ left: 5, right: 5.25 }, options).choice).toBe('tie')
  expect(simulateVote({ left: 1, right: 0.9 }, options).choice).toBe('both_bad')
})

test('casts the stated share of votes at random', () => {
  const choices = votes({ left: 9, right: 1 }, 0.3)
  expect(share(choices, 'left')).toBeCloseTo(0.8, 1)
  expect(share(choices, 'right')).toBeCloseTo(0.1, 1)
  expect(share(choices, 'tie')).toBeCloseTo(0.1, 1)
  expect(share(votes({ left: 9, right: 1 }, 0), 'left')).toBe(1)
})

test('each labeler errs elsewhere, and always there', () => {
  const errors = (labeler: number) =>
    Array.from(
      { length: 200 },
      (_, comparison) => simulateVote({ left: 9, right: 1 }, { ...options, noise: 0.5, labeler, comparison }).choice,
    )
  expect(errors(0)).toEqual(errors(0))
  expect(errors(0)).not.toEqual(errors(1))
})
