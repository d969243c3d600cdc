import type { Page } from 'playwright-core'
import { tinyModel } from '../fixtures/tiny-model.ts'

/** A second run, as short as one can be; nobody waits for it. */
export async function startOtherRun(page: Page): Promise<void> {
  const stages = 'stages:\n  pretrain: { type: pretrain, data: stories, steps: 2, batchSize: 4, rowLength: 64 }\n'
  const answer = await page.request.post('/v1/runs', { data: { recipe: `name: other\n${tinyModel}${stages}` } })
  if (!answer.ok()) throw new Error(`the run was refused: ${await answer.text()}`)
}

/** From the list, by keyboard alone. Answers the settings that differ, a line each: key, then a value a run. */
export async function compareRuns(page: Page): Promise<string[]> {
  await page.goto('/runs')
  for (const box of await page.getByRole('checkbox', { name: /^Compare / }).all()) {
    await box.focus()
    await page.keyboard.press('Space')
  }
  await page.getByRole('link', { name: 'Compare 2 runs' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Compare runs' }).waitFor()
  await page.getByRole('combobox', { name: 'Stage' }).selectOption('pretrain')
  await page.getByRole('figure', { name: 'loss', exact: true }).waitFor()
  const rows = page.getByRole('region', { name: 'Differing settings' }).getByRole('row')
  return (await rows.allInnerTexts()).map((text) => text.split(/\s+/).join(' '))
}
