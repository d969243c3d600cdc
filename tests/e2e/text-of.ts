import type { Locator } from 'playwright-core'

/** The text of an element, as it is written and not as it is drawn. */
export async function textOf(found: Locator): Promise<string> {
  return (await found.textContent()) ?? ''
}
