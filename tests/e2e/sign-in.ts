import type { Page } from 'playwright-core'

/** By a link that nobody has used. */
export async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.waitForURL('/')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
}

/** As someone who finds a used link: it lets nobody in. */
export async function beRefused(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.getByText('This link does not work any more').waitFor()
  await page.goto('/runs')
  await page.waitForURL('/sign-in')
}
