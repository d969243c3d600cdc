import {
  type Comparison,
  labelProgressSchema,
  newId,
  nextComparisonsSchema,
  type VoteChoice,
  voteReceiptSchema,
} from '@temper/db/contracts'
import type { ApiClient } from '../api/client.ts'

const choices: Record<string, { choice: VoteChoice; strength: number }> = {
  '1': { choice: 'left', strength: 1 },
  '2': { choice: 'right', strength: 1 },
  '3': { choice: 'tie', strength: 1 },
  '4': { choice: 'both_bad', strength: 1 },
  // Shift and the digit, on most keyboards.
  '!': { choice: 'left', strength: 3 },
  '@': { choice: 'right', strength: 3 },
  '"': { choice: 'right', strength: 3 },
}
const help = '1 left  2 right  3 tie  4 both bad  ! left much better  @ right much better  s skip  u undo  q quit'

/** One person at a terminal: shows a comparison, takes keys, and votes. */
export class LabelSession {
  readonly #api: ApiClient
  readonly #query: string
  readonly #write: (text: string) => void
  readonly #skipped = new Set<string>()
  readonly #voteIds: string[] = []
  #current: Comparison | undefined
  #shownAtMs = 0

  constructor(api: ApiClient, query: string, write: (text: string) => void) {
    this.#api = api
    this.#query = query
    this.#write = write
  }

  /** Shows the next comparison, or that none is left. */
  async show(): Promise<void> {
    const next = await this.#api.get(`/v1/comparisons/next?limit=20&${this.#query}`, nextComparisonsSchema)
    this.#current = next.comparisons.find(({ id }) => !this.#skipped.has(id))
    this.#shownAtMs = Date.now()
    const { votes, needed } = next.progress
    this.#write(
      this.#current === undefined ? nothingLeft(next.progress.openStages) : inWords(this.#current, votes, needed),
    )
  }

  /** Takes a key; false when the person leaves. */
  async press(key: string): Promise<boolean> {
    const vote = choices[key]
    if (key === 'q') return false
    if (key === 'u') await this.#undo()
    else if (key === 's' && this.#current !== undefined) this.#skipped.add(this.#current.id)
    else if (vote !== undefined && this.#current !== undefined) await this.#vote(this.#current, vote)
    else this.#write(help)
    if (key === 's' || key === 'u' || vote !== undefined) await this.show()
    return true
  }

  summary(): string {
    return `${this.#voteIds.length} votes; thank you`
  }

  async #vote({ id }: Comparison, vote: { choice: VoteChoice; strength: number }): Promise<void> {
    const voteId = newId('vote')
    const seconds = (Date.now() - this.#shownAtMs) / 1000
    const body = { ...vote, voteId, seconds: Math.min(seconds, 86_400) }
    await this.#api.post(`/v1/comparisons/${id}/vote`, body, voteReceiptSchema)
    this.#voteIds.push(voteId)
  }

  async #undo(): Promise<void> {
    const voteId = this.#voteIds.pop()
    if (voteId === undefined) return this.#write('There is no vote of this session to undo')
    await this.#api.post(`/v1/votes/${voteId}/undo`, {}, labelProgressSchema)
    this.#write('Undone')
  }
}

function inWords({ prompt, left, right, guidelines }: Comparison, votes: number, needed: number): string {
  const conversation = prompt.map(({ role, content }) => `${role}: ${content}`).join('\n')
  const head = `\n${'─'.repeat(72)}\n${votes} of ${needed} votes · ${guidelines}\n`
  return `${head}\n${conversation}\n\n[1] ${left}\n\n[2] ${right}\n\n${help}`
}

function nothingLeft(openStages: number): string {
  return openStages === 0
    ? 'Nothing to compare now: no stage collects votes. q leaves'
    : 'You have judged everything there is; others may not have. q leaves'
}
