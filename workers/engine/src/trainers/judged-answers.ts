import { type PreferenceRow, TemperError } from '@temper/db/contracts'
import { type Answer, answerSequence } from '../data/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { Pair } from './pairs.ts'

interface JudgedAnswer extends Answer {
  desirable: boolean
  /** Of the file, from 1. */
  dataRow: number
}

/**
 * Judged pairs as single answers, for kto: the chosen one is desirable, the rejected one is not, and of two bad ones
 * neither is. A tie says of neither what it is, and gives none. Where a pair has its rejected answer stands the answer to
 * another prompt. Desirable ones come first, as in TRL.
 * @throws invalid_dataset where all answers belong to one prompt: the KL needs answers to others
 */
export function judgedAnswers(rows: readonly PreferenceRow[], tokenizer: Tokenizer, maxLength: number): Pair[] {
  const answers = answersOf(rows)
  const prompts = answers.map(({ prompt }) => JSON.stringify(prompt))
  if (new Set(prompts).size === 1) {
    const message = `the loss 'kto' needs answers to at least two prompts; all ${answers.length} answer one`
    throw new TemperError('invalid_dataset', message, { details: { answers: answers.length, prompts: 1 } })
  }
  return answers.map((answer, index) => {
    const mismatched = { ...(answers[mismatchOf(prompts, index)] ?? answer), prompt: answer.prompt }
    const dataRows = [answer.dataRow]
    // Each is cut alone: how long another prompt's answer is says nothing of this one.
    const side = (of: Answer) => ({ ...answerSequence(tokenizer, of, maxLength), dataRows })
    const sides = { chosen: side(answer), rejected: side(mismatched) }
    return { ...sides, tie: false, bothBad: false, strength: 1, desirable: answer.desirable }
  })
}

function answersOf(rows: readonly PreferenceRow[]): JudgedAnswer[] {
  const numbered = rows.map((row, i) => {
    const common = { prompt: row.prompt, dataRow: i + 1 }
    const chosen = { ...common, text: row.chosen, ended: row.chosenEnded }
    const rejected = { ...common, text: row.rejected, ended: row.rejectedEnded, desirable: false }
    return { row, chosen, rejected }
  })
  const decided = numbered.filter(({ row }) => !row.tie)
  const bad = numbered.filter(({ row }) => row.bothBad)
  return [
    ...decided.map(({ chosen }) => ({ ...chosen, desirable: true })),
    ...decided.map(({ rejected }) => rejected),
    ...bad.flatMap(({ chosen, rejected }) => [{ ...chosen, desirable: false }, rejected]),
  ]
}

/** The nearest answer before this one, around the end, that belongs to another prompt. */
function mismatchOf(prompts: readonly string[], index: number): number {
  let other = index
  do other = (other + prompts.length - 1) % prompts.length
  while (prompts[other] === prompts[index])
  return other
}
