import { type JudgedPair, judgedPairs, openDatabase } from '@temper/db/queries'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { LabelPage, type SeenPair, type VoteKey } from './label-page.ts'

export interface SeenVote extends SeenPair {
  key: VoteKey
}

/** Votes on all eight pairs of the label page by its keys. The first vote is taken back, its pair skipped until the end. */
export async function voteOnAll(page: Page): Promise<SeenVote[]> {
  const label = new LabelPage(page)
  const first = await label.pair()
  await label.pressForOtherPair('1')
  await label.pressForOtherPair('u')
  expect(await label.pair()).toEqual(first)
  await label.pressForOtherPair('s')
  const votes: SeenVote[] = []
  for (const key of ['1', '2', '3', '4', '1', '2', '1'] as const) votes.push(await castVote(label, key))
  await page.getByText('7 of 8 votes').waitFor()
  await page.getByRole('button', { name: 'Look again at 1 skipped' }).click()
  expect(await label.pair()).toEqual(first)
  votes.push(await castVote(label, '2'))
  // The second is what stands there once the stage has noticed.
  await page.getByText(/^All votes are in\.|^Pairs appear here when a run reaches/).waitFor()
  return votes
}

async function castVote(label: LabelPage, key: VoteKey): Promise<SeenVote> {
  const pair = await label.pair()
  if (pair === undefined) throw new Error(`no pair is on the screen for the vote ${key}`)
  await label.pressForOtherPair(key)
  return { ...pair, key }
}

/** What each vote should be worth, whatever sides its pair was shown on. */
export function wantedOutcomes(votes: SeenVote[]): string[] {
  return votes
    .map(({ prompt, left, right, key }) => {
      if (key === '1') return `${prompt}: ${left} > ${right}`
      if (key === '2') return `${prompt}: ${right} > ${left}`
      return `${prompt}: ${[left, right].sort().join(key === '3' ? ' = ' : ' both bad ')}`
    })
    .sort()
}

/** What stands in the database, one line a pair as above. */
export async function storedOutcomes(databaseUrl: string, runId: string, stage: string): Promise<string[]> {
  const database = openDatabase(databaseUrl, { max: 1, name: 'tests' })
  try {
    return (await judgedPairs(database.db, runId, stage)).map(outcomeOf).sort()
  } finally {
    await database.close()
  }
}

function outcomeOf({ prompt, completionA, completionB, outcome, bothBad }: JudgedPair): string {
  const question = prompt.map((message) => message.content).join(' ')
  if (outcome === 'a') return `${question}: ${completionA} > ${completionB}`
  if (outcome === 'b') return `${question}: ${completionB} > ${completionA}`
  return `${question}: ${[completionA, completionB].sort().join(bothBad ? ' both bad ' : ' = ')}`
}
