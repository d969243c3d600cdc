import { type Message, type PreferenceRow, TemperError } from '@temper/db/contracts'
import { preferenceSequences } from '../data/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { Pair } from './pairs.ts'

interface Answer {
  prompt: Message[]
  text: string
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
  return answers.map(({ prompt, text, desirable, dataRow }, index) => {
    const row = { prompt, chosen: text, rejected: answers[mismatchOf(prompts, index)]?.text ?? '' }
    const { chosen, rejected } = preferenceSequences(tokenizer, row, maxLength)
    const dataRows = [dataRow]
    const sides = { chosen: { ...chosen, dataRows }, rejected: { ...rejected, dataRows } }
    return { ...sides, tie: false, bothBad: false, strength: 1, desirable }
  })
}

function answersOf(rows: readonly PreferenceRow[]): Answer[] {
  const numbered = rows.map((row, i) => ({ ...row, dataRow: i + 1 }))
  const decided = numbered.filter(({ tie }) => !tie)
  const bad = numbered.filter(({ bothBad }) => bothBad)
  return [
    ...decided.map(({ prompt, chosen, dataRow }) => ({ prompt, text: chosen, desirable: true, dataRow })),
    ...decided.map(({ prompt, rejected, dataRow }) => ({ prompt, text: rejected, desirable: false, dataRow })),
    ...bad.flatMap(({ prompt, chosen, rejected, dataRow }) =>
      [chosen, rejected].map((text) => ({ prompt, text, desirable: false, dataRow })),
    ),
  ]
}

/** The nearest answer before this one, around the end, that belongs to another prompt. */
function mismatchOf(prompts: readonly string[], index: number): number {
  let other = index
  do other = (other + prompts.length - 1) % prompts.length
  while (prompts[other] === prompts[index])
  return other
}
