import type { Page } from 'playwright-core'

/** By the Models page, from a folder of this computer; ends on the page of the checkpoint that came of it. */
export async function addFolder(page: Page, folder: string, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Models', exact: true }).click()
  await page.getByLabel('Name here').fill(name)
  await page.getByLabel('Choose a folder').first().setInputFiles(folder)
  await page.getByRole('listitem').filter({ hasText: name }).getByRole('link', { name: 'Open the checkpoint' }).click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}
