import type { Evaluation, JudgedAnswer, Message, Verdict, WinRate } from '@temper/db/contracts'
import { formatNumber } from './format.ts'

/** Of what an evaluation keeps, the prompts to show: all, or those at which one candidate won, lost or tied. */
export interface AnswerFilter {
  candidate: string
  verdict: Verdict | 'all'
}

/** What a candidate did beside the baseline. */
export const verdictWords: Record<Verdict, string> = { win: 'Won', loss: 'Lost', tie: 'Tied' }

const counts = { win: 'wins', loss: 'losses', tie: 'ties' } as const satisfies Record<Verdict, keyof WinRate>

/** How many prompts a filter leaves. */
export function countOf({ prompts, candidates }: Evaluation, { candidate, verdict }: AnswerFilter): number {
  return verdict === 'all' ? prompts : (candidates[candidate]?.[counts[verdict]] ?? 0)
}

/** Where a page of answers is read. `cursor` is empty for the first one. */
export function answersPath({ runId, id }: Evaluation, { candidate, verdict }: AnswerFilter, cursor: string): string {
  const query = new URLSearchParams({ limit: '20' })
  if (verdict !== 'all') {
    query.set('candidate', candidate)
    query.set('verdict', verdict)
  }
  if (cursor !== '') query.set('cursor', cursor)
  return `/v1/runs/${runId}/evaluations/${id}/answers?${query}`
}

/** Score, length and, where the limit cut it, that. */
export function answerFigures({ score, tokens, endedProperly }: JudgedAnswer): string {
  const length = `${tokens} ${tokens === 1 ? 'token' : 'tokens'}`
  return `score ${formatNumber(score)}, ${length}${endedProperly ? '' : ', cut at the limit'}`
}

const speakers: Record<Message['role'], string> = { system: 'System', user: 'User', assistant: 'Assistant' }

/** A lone request as it is; a dialogue with who says what. */
export function promptText(messages: readonly Message[]): string {
  if (messages.length === 1) return messages[0]?.content ?? ''
  return messages.map(({ role, content }) => `${speakers[role]}: ${content}`).join('\n\n')
}
