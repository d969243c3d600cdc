import type { Page } from 'playwright-core'
import { chooseStage } from './runs-pages.ts'
import { textOf } from './text-of.ts'

export interface SeenAnswers {
  /** Heads of the columns. */
  columns: string[]
  /** Prompts, each over its row of answers. */
  prompts: string[]
}

/** How the answers of a stage to the same prompts are shown. */
export async function readAnswers(page: Page, stage: string): Promise<SeenAnswers> {
  await chooseStage(page, stage)
  await page.getByRole('tab', { name: 'Samples' }).click()
  const table = page.getByRole('region', { name: 'Answers by step' })
  await table.waitFor()
  const columns = await table.getByRole('columnheader').allInnerTexts()
  const prompts = await table.getByRole('rowheader').allInnerTexts()
  return { columns, prompts }
}

/** The sentence under a curve of the stage that is shown. */
export async function readReading(page: Page, chart: string): Promise<string> {
  await page.getByRole('tab', { name: 'Curves' }).click()
  return textOf(page.getByRole('figure', { name: chart }).locator('p').first())
}
