import type { Page } from 'playwright-core'
import { chooseStage } from './runs-pages.ts'
import { textOf } from './text-of.ts'

export interface SeenJudgedAnswers {
  /** Heads of the columns. */
  columns: string[]
  /** How many prompts are shown, in the words of the page, at first and after asking for more. */
  shown: string[]
  /** The marks of all answers that are left by each filter. */
  marks: Record<'Wins' | 'Losses' | 'Ties', string[]>
}

/** How the answers of an evaluation's policies are shown; its buttons and filters are worked by keys. */
export async function readJudgedAnswers(page: Page, stage: string): Promise<SeenJudgedAnswers> {
  await chooseStage(page, stage)
  const section = page.getByRole('region', { name: 'Answers side by side' })
  const table = section.getByRole('region', { name: 'Answers by policy' })
  const count = section.getByText(/ of \d+ prompts$/)
  await table.waitFor()
  const columns = await table.getByRole('columnheader').allInnerTexts()
  const shown = [await textOf(count)]
  await section.getByRole('button', { name: 'Show more' }).press('Enter')
  await section.getByText(/^(\d+) of \1 prompts$/).waitFor()
  shown.push(await textOf(count))
  const marksOf = async (filter: string) => {
    const choice = section.locator('label').filter({ hasText: filter })
    await choice.getByRole('radio').press('Space')
    const wanted = /\d+$/.exec(await textOf(choice))?.[0]
    await section.getByText(`${wanted} of ${wanted} prompts`).waitFor()
    return table.getByText(/^(Won|Lost|Tied)$/).allInnerTexts()
  }
  return {
    columns,
    shown,
    marks: { Wins: await marksOf('Wins'), Losses: await marksOf('Losses'), Ties: await marksOf('Ties') },
  }
}
