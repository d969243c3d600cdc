import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { textOf } from './text-of.ts'

/** For what stages of a run take; pages have the page's own patience. */
const stagePatienceMs = 240_000

/** By the New run page. A mistyped key is named there, and nothing can be started with it. Answers the id of the run. */
export async function startRun(page: Page, recipe: string): Promise<string> {
  await page.getByRole('link', { name: 'New run' }).click()
  const editor = page.getByRole('textbox', { name: 'Recipe as YAML' })
  const start = page.getByRole('button', { name: 'Start run' })
  await editor.fill(recipe.replace('heldOut:', 'heldOt:'))
  await page.getByRole('button', { name: 'Did you mean heldOut?' }).waitFor()
  expect(await start.isDisabled()).toBe(true)
  await editor.fill(recipe)
  await page.getByText('Valid, 6 stages').waitFor()
  await start.click()
  await page.waitForURL(/\/runs\/run_/)
  return new URL(page.url()).pathname.slice('/runs/'.length)
}

/** Every stage in the graph with its state in a word. */
export async function readStageStates(page: Page): Promise<{ name: string; state: string }[]> {
  await stageNodes(page).first().waitFor()
  const texts = await stageNodes(page).allInnerTexts()
  return texts.map((text) => {
    const [name = '', state = ''] = text.split('\n').filter((line) => line !== '')
    return { name, state }
  })
}

/** Chooses a stage in the graph. */
export async function chooseStage(page: Page, name: string): Promise<void> {
  await stageNodes(page)
    .filter({ has: page.getByText(name, { exact: true }) })
    .click()
}

/** From the run to its pairs, once it has some. */
export async function goToPairs(page: Page): Promise<void> {
  await chooseStage(page, 'preferences')
  await page.getByRole('link', { name: 'Label pairs' }).click({ timeout: stagePatienceMs })
  await page.getByRole('article', { name: 'Pair to compare' }).waitFor({ timeout: stagePatienceMs })
}

/** The word for the state in which the run has ended. */
export async function waitForEnd(page: Page): Promise<string> {
  const word = page.locator('main header').getByText(/^(Done|Failed|Cancelled)$/)
  await word.waitFor({ timeout: stagePatienceMs })
  return textOf(word)
}

function stageNodes(page: Page): Locator {
  return page.getByRole('navigation', { name: 'Stages' }).getByRole('button')
}
