import { refuse } from './refuse.ts'

/** A line is held in memory, and the longest message has a million characters. */
const maxLineLength = 16 * 1024 * 1024

export interface Line {
  content: string
  /** From 1. */
  line: number
}

/** The lines of a text that are not blank. Throws `invalid_dataset` for one that does not seem to end. */
export async function* filledLines(text: AsyncIterable<string>, file: string): AsyncGenerator<Line> {
  let content = ''
  let line = 1
  for await (const piece of text) {
    const [end = '', ...starts] = piece.split('\n')
    content += end
    for (const start of starts) {
      if (content.trim() !== '') yield { content, line }
      content = start
      line++
    }
    if (content.length > maxLineLength) {
      throw refuse(file, `line ${line} has more than ${maxLineLength} characters`, { details: { line, maxLineLength } })
    }
  }
  if (content.trim() !== '') yield { content, line }
}
